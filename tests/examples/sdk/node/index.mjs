// A function that uses AWS's SDK for JavaScript as anybody would: it knows nothing of countersign.
import { Readable } from "node:stream";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetTranscriptionJobCommand, StartTranscriptionJobCommand, TranscribeClient } from "@aws-sdk/client-transcribe";

const s3 = new S3Client(), transcribe = new TranscribeClient();
const Bucket = process.env.BUCKET;

export async function handler(_event, { awsRequestId }) {
  await s3.send(new PutObjectCommand({ Bucket, Key: "sdk/a b+c.wav", Body: "hello", Metadata: { note: "x" } }));
  const large = Buffer.alloc(300_000, "0123456789");
  const pieces = Readable.from([large.subarray(0, 100_000), large.subarray(100_000)]);
  await s3.send(new PutObjectCommand({ Bucket, Key: "sdk/large", Body: pieces, ContentLength: large.length }));
  const stored = await (await s3.send(new GetObjectCommand({ Bucket, Key: "sdk/large" }))).Body.transformToByteArray();
  await transcribe.send(new StartTranscriptionJobCommand({
    TranscriptionJobName: awsRequestId, LanguageCode: "en-US", Media: { MediaFileUri: `s3://${Bucket}/sdk/a b+c.wav` },
    OutputBucketName: Bucket, OutputKey: "text/sdk.json" }));
  const { TranscriptionJob } = await transcribe.send(
    new GetTranscriptionJobCommand({ TranscriptionJobName: awsRequestId }));
  return {
    body: await (await s3.send(new GetObjectCommand({ Bucket, Key: "sdk/a b+c.wav" }))).Body.transformToString(),
    large: large.equals(Buffer.from(stored)),
    keys: (await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "sdk/" }))).Contents.map(({ Key }) => Key),
    language: TranscriptionJob.LanguageCode,
  };
}
