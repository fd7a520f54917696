// The operations of the service: plain functions over typed values.
#pragma once

#include "base/result.h"
#include "services/cloudformation/requests.h"
#include "services/cloudformation/service.h"
#include "wire/cloudformation.h"

namespace usher::cloudformation {

// create_stack.cc, update_stack.cc, delete_stack.cc
Result<api::CreateStackOutput> CreateStack(const api::CreateStackInput& request, Service& service,
                                           wire::CallContext& context);
Result<api::UpdateStackOutput> UpdateStack(const api::UpdateStackInput& request, Service& service,
                                           wire::CallContext& context);
Result<api::ContinueUpdateRollbackOutput> ContinueUpdateRollback(
    const api::ContinueUpdateRollbackInput& request, Service& service, wire::CallContext& context);
Result<api::DeleteStack::Response> DeleteStack(const api::DeleteStackInput& request,
                                               Service& service, wire::CallContext& context);

// describe_stacks.cc
Result<api::DescribeStacksOutput> DescribeStacks(const api::DescribeStacksInput& request,
                                                 Service& service, wire::CallContext& context);
Result<api::ListStacksOutput> ListStacks(const api::ListStacksInput& request, Service& service,
                                         wire::CallContext& context);
Result<api::DescribeStackEventsOutput> DescribeStackEvents(
    const api::DescribeStackEventsInput& request, Service& service, wire::CallContext& context);

// stack_resources.cc
Result<api::DescribeStackResourceOutput> DescribeStackResource(
    const api::DescribeStackResourceInput& request, Service& service, wire::CallContext& context);
Result<api::DescribeStackResourcesOutput> DescribeStackResources(
    const api::DescribeStackResourcesInput& request, Service& service, wire::CallContext& context);
Result<api::ListStackResourcesOutput> ListStackResources(
    const api::ListStackResourcesInput& request, Service& service, wire::CallContext& context);

// templates.cc
Result<api::GetTemplateOutput> GetTemplate(const api::GetTemplateInput& request, Service& service,
                                           wire::CallContext& context);
Result<api::GetTemplateSummaryOutput> GetTemplateSummary(
    const api::GetTemplateSummaryInput& request, Service& service, wire::CallContext& context);
Result<api::ValidateTemplateOutput> ValidateTemplate(const api::ValidateTemplateInput& request,
                                                     Service& service, wire::CallContext& context);

// exports.cc
Result<api::ListExportsOutput> ListExports(const api::ListExportsInput& request, Service& service,
                                           wire::CallContext& context);
Result<api::ListImportsOutput> ListImports(const api::ListImportsInput& request, Service& service,
                                           wire::CallContext& context);

// stack_settings.cc
Result<api::SetStackPolicy::Response> SetStackPolicy(const api::SetStackPolicyInput& request,
                                                     Service& service, wire::CallContext& context);
Result<api::GetStackPolicyOutput> GetStackPolicy(const api::GetStackPolicyInput& request,
                                                 Service& service, wire::CallContext& context);
Result<api::UpdateTerminationProtectionOutput> UpdateTerminationProtection(
    const api::UpdateTerminationProtectionInput& request, Service& service,
    wire::CallContext& context);

// change_sets.cc
Result<api::CreateChangeSetOutput> CreateChangeSet(const api::CreateChangeSetInput& request,
                                                   Service& service, wire::CallContext& context);
Result<api::DescribeChangeSetOutput> DescribeChangeSet(const api::DescribeChangeSetInput& request,
                                                       Service& service,
                                                       wire::CallContext& context);
Result<api::ListChangeSetsOutput> ListChangeSets(const api::ListChangeSetsInput& request,
                                                 Service& service, wire::CallContext& context);
Result<api::ExecuteChangeSetOutput> ExecuteChangeSet(const api::ExecuteChangeSetInput& request,
                                                     Service& service, wire::CallContext& context);
Result<api::DeleteChangeSetOutput> DeleteChangeSet(const api::DeleteChangeSetInput& request,
                                                   Service& service, wire::CallContext& context);

}  // namespace usher::cloudformation
