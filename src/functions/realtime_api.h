// realtime_api: what to watch next, for a web page, through API Gateway in either integration type.
//
// Events:
//   AWS_PROXY  {"queryStringParameters":{"user_id":"5","DEVICE":"phone"}, …}, as API Gateway sends
//              them; also without queryStringParameters, with multiValueQueryStringParameters alone
//   AWS        {"user_id":"5"}, what a mapping template makes; also a test event of one's own
//
// Parameters, in the query or as members:
//   user_id      for whom; needed
//   num_results  how many, instead of NUM_RESULTS
//   context      the situation of the request, as a JSON object of texts: {"DEVICE":"phone"}; in a
//                mapped event also an object
//   any other    of a query is a column of that context: ?user_id=5&DEVICE=phone. A mapped event's
//                other members are not looked at: they are the template's own business.
// Of a parameter given several times the last value counts.
//
// Variables:
//   CAMPAIGN_ARN  the campaign; needed
//   BUCKET        bucket of the catalogue; needed
//   METADATA_KEY  its key: a movies.csv (functions/movies_csv.h), read again within a second of
//                 its change; needed
//   NUM_RESULTS   movies in an answer; 10 by default
//
// Answer: {"userId":"5","recommendationId":"RID-…","recommendations":[
//            {"itemId":"1","title":"Toy Story (1995)","genres":["Adventure"],"score":0.012}, …]}
// A movie that is not in the catalogue has its id as its title and no genres; "score" is left out
// where the recipe gives none. A proxy event gets it as the body of {"statusCode":200,"headers",…}.
//
// Cost: GetRecommendations, a HeadObject a second, and one look-up for each movie.
#pragma once

#include <string>

#include "functions/builtin_function.h"
#include "functions/movie_catalogue.h"

namespace usher::functions {

// Errors: invalid input for a variable that is missing or wrong; those of the calls. What the
// caller of an API can put right, such as a missing user_id, is an error for a mapped event and an
// answer with the status 400 and {"message": …} for a proxy event, with a line in the log.
Result<std::string> RealtimeApi(const std::string& event, FunctionContext& context,
                                MovieCatalogues& catalogues);

}  // namespace usher::functions
