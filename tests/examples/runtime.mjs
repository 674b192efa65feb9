// runtime.mjs MODULE.FUNCTION: a managed runtime's part, in Node. Takes invocations and gives them to a handler.
// The task's folder, LAMBDA_TASK_ROOT, is where MODULE.mjs is; what the handler throws is its error.
const lambda = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const [module, name] = process.argv[2].split(".");
const handler = (await import(`${process.env.LAMBDA_TASK_ROOT}/${module}.mjs`))[name];

for (;;) {
  const event = await fetch(`${lambda}/next`);
  const awsRequestId = event.headers.get("Lambda-Runtime-Aws-Request-Id");
  let what = "response", result;
  try {
    result = await handler(await event.json(), { awsRequestId });
  } catch (error) {
    what = "error";
    result = { errorType: error.name, errorMessage: error.message };
  }
  await fetch(`${lambda}/${awsRequestId}/${what}`, { method: "POST", body: JSON.stringify(result) });
}
