// Answers of X-Ray as AWS shapes them, for the pages of traces: an API in front of a function that asks Personalize
// and S3, and one request that failed.

const now = Math.floor(Date.now() / 1000);
const hex = (digits, seed) => seed.toString(16).padStart(digits, "0");

const statistics = (ok, error, throttle, fault, seconds) => ({
  OkCount: ok,
  ErrorStatistics: { ThrottleCount: throttle, OtherCount: error, TotalCount: error + throttle },
  FaultStatistics: { OtherCount: fault, TotalCount: fault },
  TotalCount: ok + error + throttle + fault,
  TotalResponseTime: seconds,
});
const histogram = (middle) =>
  Array.from({ length: 20 }, (_, at) => ({
    Value: middle * 1.25 ** (at - 8),
    Count: Math.round(40 * Math.exp(-((at - 8) ** 2) / 18)),
  }));
const edge = (to, ...counts) => ({
  ReferenceId: to,
  StartTime: now - 900,
  EndTime: now,
  SummaryStatistics: statistics(...counts),
  ResponseTimeHistogram: histogram(counts[4] / (counts[0] + counts[3] + 1)),
});
const service = (id, name, type, counts, edges, more = {}) => ({
  ReferenceId: id,
  Name: name,
  Names: [name],
  Type: type,
  State: "active",
  StartTime: now - 900,
  EndTime: now,
  Edges: edges,
  SummaryStatistics: counts && statistics(...counts),
  ResponseTimeHistogram: counts && histogram(counts[4] / (counts[0] + 1)),
  ...more,
});

const kApi = "Movie-Recommender-API/dev";
const kFunction = "LambdaRealTimeAPI";

const services = [
  service(0, kApi, "AWS::ApiGateway::Stage", [412, 31, 6, 12, 4.9], [edge(1, 430, 0, 6, 12, 4.1)], {
    Root: true,
  }),
  service(1, kFunction, "AWS::Lambda", [436, 0, 6, 12, 4.0], [edge(2, 436, 0, 0, 12, 3.6)]),
  service(2, kFunction, "AWS::Lambda::Function", [436, 0, 0, 12, 3.5], [
    edge(3, 436, 0, 0, 0, 0.52),
    edge(4, 441, 0, 0, 0, 0.31),
  ]),
  service(3, "Personalize", "AWS::Personalize", [436, 0, 0, 0, 0.52], []),
  service(4, "S3", "AWS::S3", [441, 0, 0, 0, 0.31], []),
  service(5, kApi, "client", null, [edge(0, 412, 31, 6, 12, 4.9)]),
];

const traceId = (at) => `1-${hex(8, now - at * 7)}-${hex(24, 11 + at)}`;

const summaries = Array.from({ length: 24 }, (_, at) => {
  const fault = at === 2 || at === 11;
  const error = at === 5;
  const took = fault ? 0.0121 : 0.004 + ((at * 37) % 11) / 1000;
  return {
    Id: traceId(at),
    StartTime: now - at * 7,
    Duration: took,
    ResponseTime: took,
    HasFault: fault,
    HasError: error,
    HasThrottle: false,
    IsPartial: false,
    Http: {
      HttpURL: `http://movies.execute-api.us-east-1.amazonaws.com/dev${error ? "" : `?user_id=${3 + at}`}`,
      HttpStatus: fault ? 502 : error ? 400 : 200,
      HttpMethod: "GET",
    },
    EntryPoint: { Name: kApi, Names: [kApi], Type: "AWS::ApiGateway::Stage" },
  };
});

// The function's part of a trace stands under the API's subsegment `Lambda`.
function segmentsOf(summary) {
  const { Id: trace_id, StartTime: at, HasFault: fault, Duration: took } = summary;
  const part = (name, id, from, to, more = {}) => ({
    name,
    id: hex(16, id),
    start_time: at + from * took,
    end_time: at + to * took,
    ...more,
  });
  const cause = {
    working_directory: "/var/task",
    exceptions: [
      {
        id: hex(16, 99),
        type: "KeyError",
        message: "'user_id'",
        stack: [{ path: "lambda_function.py", line: 49, label: "lambda_handler" }],
      },
    ],
  };
  const marks = fault ? { fault: true } : {};
  return [
    part(kApi, 1, 0, 1, {
      trace_id,
      origin: "AWS::ApiGateway::Stage",
      ...marks,
      http: {
        request: { method: "GET", url: summary.Http.HttpURL, client_ip: "127.0.0.1", user_agent: "curl/8.9" },
        response: { status: summary.Http.HttpStatus },
      },
      aws: { api_gateway: { rest_api_id: "m0v1e5ap11", stage: "dev", account_id: "000000000000" } },
      subsegments: [
        part("Lambda", 2, 0.06, 0.97, { namespace: "aws", aws: { function_name: kFunction, operation: "Invoke" } }),
      ],
    }),
    part(kFunction, 3, 0.08, 0.96, {
      trace_id,
      parent_id: hex(16, 2),
      origin: "AWS::Lambda",
      ...(fault ? { error: true } : {}),
      http: { response: { status: 200 } },
      aws: { request_id: "5a0a5d52-54a1-4f0c-8f5b-9a4c5f2b1c11" },
    }),
    part(kFunction, 4, 0.14, 0.95, {
      trace_id,
      parent_id: hex(16, 3),
      origin: "AWS::Lambda::Function",
      ...marks,
      subsegments: [
        part("Initialization", 5, 0.14, 0.3),
        part("Invocation", 6, 0.31, 0.9, {
          ...(fault ? { fault: true, cause } : { annotations: { user_id: "5", device: "tv" } }),
          subsegments: fault
            ? []
            : [
                part("Personalize", 8, 0.36, 0.62, {
                  namespace: "aws",
                  aws: { operation: "GetRecommendations", region: "us-east-1" },
                  http: { response: { status: 200 } },
                }),
                part("S3", 9, 0.64, 0.78, {
                  namespace: "aws",
                  aws: { operation: "HeadObject", bucket_name: "recommendation-sample-data" },
                  http: { response: { status: 200 } },
                }),
              ],
        }),
        part("Overhead", 7, 0.9, 0.95),
      ],
    }),
  ];
}

export const answers = {
  GetServiceGraph: () => ({ StartTime: now - 3600, EndTime: now, Services: services }),
  GetTraceSummaries: (request) => ({
    TraceSummaries: summaries.filter(
      (one) =>
        !request.FilterExpression ||
        (request.FilterExpression.includes("fault") ? one.HasFault : !one.HasFault),
    ),
    TracesProcessedCount: summaries.length,
    ApproximateTime: now,
  }),
  BatchGetTraces: (request) => {
    const found = summaries.filter((one) => request.TraceIds.includes(one.Id));
    return {
      Traces: found.map((one) => ({
        Id: one.Id,
        Duration: one.Duration,
        LimitExceeded: false,
        Segments: segmentsOf(one).map((part) => ({ Id: part.id, Document: JSON.stringify(part) })),
      })),
      UnprocessedTraceIds: [],
    };
  },
};
