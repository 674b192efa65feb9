// A voice memo's text, without any package. Event: {"audio": "a WAV file in base64"}.
// Every request is plain HTTP to localhost, and countersign signs it with the role of this function.
import { setTimeout as sleep } from "node:timers/promises";

const proxy = "http://localhost:2774";
const bucket = process.env.BUCKET;
const token = { "X-Countersign-Token": process.env.AWS_SESSION_TOKEN };

async function ask(method, path, body, headers) {
  const answer = await fetch(proxy + path, { method, body, headers: { ...token, ...headers } });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer;
}

async function transcribe(operation, parameters) {
  const answer = await ask("POST", "/transcribe/", JSON.stringify(parameters), {
    "X-Amz-Target": `Transcribe.${operation}`, "Content-Type": "application/x-amz-json-1.1" });
  return (await answer.json()).TranscriptionJob;
}

export async function handler(event, context) {
  const name = `memo-${context.awsRequestId}`;

  // Upload
  const audio = Buffer.from(event.audio, "base64");
  await ask("PUT", `/s3/${bucket}/memos/${name}.wav`, audio, { "Content-Type": "audio/wav" });

  // Transcribe
  await transcribe("StartTranscriptionJob", {
    TranscriptionJobName: name, LanguageCode: "en-US",
    Media: { MediaFileUri: `s3://${bucket}/memos/${name}.wav` },
    OutputBucketName: bucket, OutputKey: `transcripts/${name}.json` });
  let job;
  do {
    await sleep(1000);
    job = await transcribe("GetTranscriptionJob", { TranscriptionJobName: name });
    if (job.TranscriptionJobStatus === "FAILED") throw new Error(job.FailureReason);
  } while (job.TranscriptionJobStatus !== "COMPLETED");

  // Read the result
  const result = await (await ask("GET", `/s3/${bucket}/transcripts/${name}.json`)).json();
  return { text: result.results.transcripts[0].transcript };
}
