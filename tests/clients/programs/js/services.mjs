// services.mjs: asks each service for what is there by AWS's SDK, led by the environment alone, and prints a line of JSON
// for each: [service, -1, outcome]. An outcome that is an error begins with "error", then its class, status and code.
import { CloudWatch } from "@aws-sdk/client-cloudwatch";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { EC2 } from "@aws-sdk/client-ec2";
import { Lambda } from "@aws-sdk/client-lambda";
import { Route53 } from "@aws-sdk/client-route-53";
import { S3 } from "@aws-sdk/client-s3";
import { SNS } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import { STS } from "@aws-sdk/client-sts";

const SERVICES = {
  cloudwatch: () => new CloudWatch().listMetrics({}),
  dynamodb: () => new DynamoDB().listTables({}),
  ec2: () => new EC2().describeKeyPairs({}),
  lambda: () => new Lambda().listFunctions({}),
  route53: () => new Route53().listHostedZones({}),
  s3: () => new S3().listBuckets({}),
  sns: () => new SNS().listTopics({}),
  sqs: () => new SQS().listQueues({}),
  sts: () => new STS().getCallerIdentity({}),
};

for (const [service, ask] of Object.entries(SERVICES)) {
  const outcome = await ask().catch((error) =>
    `error: ${error.constructor.name}: ${error.$metadata?.httpStatusCode} ${error.name}: ${error.message}`);
  console.log(JSON.stringify([service, -1, outcome]));
}
