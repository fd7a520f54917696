#include "functions/movie_functions.h"

#include "functions/batch_transform.h"
#include "functions/batch_trigger.h"
#include "functions/realtime_api.h"
#include "functions/training_trigger.h"

namespace usher::functions {

MovieFunctions::MovieFunctions()
    : functions_{{{"training_trigger", TrainingTrigger},
                  {"batch_trigger", BatchTrigger},
                  {"batch_transform", BatchTransform},
                  {"realtime_api", [this](const std::string& event, FunctionContext& context) {
                     return RealtimeApi(event, context, catalogues_);
                   }}}} {}

}  // namespace usher::functions
