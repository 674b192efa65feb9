// Voice memos with the CDK: the same function in shell, Python and Node, one bucket, one role.
import { App, Duration, Stack, aws_iam as iam, aws_lambda as lambda, aws_s3 as s3 } from "aws-cdk-lib";

const stack = new Stack(new App(), "VoiceMemos");
const bucket = new s3.Bucket(stack, "Bucket");

// Not bucket.grantReadWrite(): that allows a dozen actions on the whole bucket.
const role = new iam.Role(stack, "Role", {
  assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com"),
  managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName("service-role/AWSLambdaBasicExecutionRole")], // its log
  inlinePolicies: {
    memos: new iam.PolicyDocument({
      statements: [
        new iam.PolicyStatement({
          actions: ["s3:PutObject", "s3:GetObject"],
          resources: [bucket.arnForObjects("memos/*"), bucket.arnForObjects("transcripts/*")],
        }),
        new iam.PolicyStatement({
          actions: ["transcribe:StartTranscriptionJob"],
          resources: ["*"], // AWS offers nothing narrower for it
        }),
        new iam.PolicyStatement({
          actions: ["transcribe:GetTranscriptionJob"],
          resources: [stack.formatArn({ service: "transcribe", resource: "transcription-job", resourceName: "memo-*" })],
        }),
      ],
    }),
  },
});

const countersign = new lambda.LayerVersion(stack, "Countersign", {
  code: lambda.Code.fromAsset("../../../build/layer/countersign-x86_64.zip"),
});

function memos(name: string, runtime: lambda.Runtime, handler: string) {
  new lambda.Function(stack, name, {
    code: lambda.Code.fromAsset(`../functions/${name.toLowerCase()}`),
    layers: [countersign],
    runtime, handler, role,
    architecture: lambda.Architecture.X86_64,
    timeout: Duration.minutes(5),
    memorySize: 256,
    environment: { BUCKET: bucket.bucketName },
  });
}
memos("Shell", lambda.Runtime.PROVIDED_AL2023, "memo");
memos("Python", lambda.Runtime.PYTHON_3_13, "app.handler");
memos("Node", lambda.Runtime.NODEJS_22_X, "index.handler");
