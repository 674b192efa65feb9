// client.mjs JOB: does to a bucket what the job (a JSON file) says with AWS's SDK and streams, and prints a line of
// JSON for each outcome: [operation, number of the key, outcome]. An outcome that is an error begins with "error".
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import {
  CopyObjectCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const s3 = new S3Client({ endpoint: job.endpoint, forcePathStyle: true, region: job.region });

async function tell(operation, number, doing) {
  let outcome;
  try {
    outcome = (await doing()) ?? "";
  } catch (error) {
    outcome = `error: ${error.name}: ${error.message}`;
  }
  console.log(JSON.stringify([operation, number, outcome]));
}

async function get(key, more) {
  const found = await s3.send(new GetObjectCommand({ Bucket: job.bucket, Key: key, ...more }));
  const pieces = [];
  for await (const piece of found.Body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  return answer.text();
}

async function one(number) {
  const name = job.keys[number];
  const content = Buffer.from(`content of ${name}`);
  const place = { Bucket: job.bucket, Key: job.prefix + name };
  const copy = { Bucket: job.bucket, Key: `${place.Key}.copy` };
  await tell("put", number, async () => void await s3.send(new PutObjectCommand({
    ...place, Body: Readable.from([content]), ContentLength: content.length,
    ContentType: "text/plain; charset=utf-8", Metadata: { note: "a b, c", mixedcase: "~!*'()" } })));
  await tell("head", number, async () => {
    const found = await s3.send(new HeadObjectCommand(place));
    return [found.ContentLength, found.ContentType, Object.entries(found.Metadata).sort(), found.ETag];
  });
  await tell("get", number, async () => `${await get(place.Key)}`);
  await tell("range", number, async () => `${await get(place.Key, { Range: "bytes=2-5" })}`);
  await tell("copy", number, async () => void await s3.send(new CopyObjectCommand({
    ...copy, CopySource: encodeURIComponent(`${job.bucket}/${place.Key}`) })));
  await tell("get copy", number, async () => `${await get(copy.Key)}`);
  await tell("delete", number, async () => void await s3.send(new DeleteObjectCommand(copy)));
  await tell("presigned", number, async () => fetched(await getSignedUrl(s3, new GetObjectCommand(place), { expiresIn: 60 })));
}

async function large() {
  const content = "0123456789abcdef".repeat(job.largeBytes / 16);
  const Key = `${job.prefix}large +é`;
  const pieces = Array.from({ length: content.length / 65536 }, (_, at) => content.slice(at * 65536, (at + 1) * 65536));
  await tell("upload", -1, async () => void await new Upload({
    client: s3, params: { Bucket: job.bucket, Key, Body: Readable.from(pieces.map((piece) => Buffer.from(piece))) } }).done());
  await tell("get large", -1, async () => createHash("sha256").update(await get(Key)).digest("hex"));
}

async function list() {
  const keys = [];
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 7 }, { Bucket: job.bucket, Prefix: job.prefix })) {
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key.slice(job.prefix.length)));
  }
  return keys.sort();
}

for (let number = 0; number < job.keys.length; number++) await one(number);
await large();
await tell("list", -1, list);
