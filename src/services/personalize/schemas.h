// Operations CreateSchema, DescribeSchema, ListSchemas, DeleteSchema. A schema never changes.
// Errors: invalid input, not found, already exists, in use.
#pragma once

#include "base/result.h"
#include "services/personalize/service.h"

namespace usher::personalize {

Result<api::CreateSchemaResponse> CreateSchema(const api::CreateSchemaRequest& request,
                                               Service& service, wire::CallContext& context);
Result<api::DescribeSchemaResponse> DescribeSchema(const api::DescribeSchemaRequest& request,
                                                   Service& service, wire::CallContext& context);
Result<api::ListSchemasResponse> ListSchemas(const api::ListSchemasRequest& request,
                                             Service& service, wire::CallContext& context);
Result<api::DeleteSchemaResponse> DeleteSchema(const api::DeleteSchemaRequest& request,
                                               Service& service, wire::CallContext& context);

}  // namespace usher::personalize
