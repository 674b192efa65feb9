// Event-stream messages by the SDK for JavaScript. A line of standard input is a message in base64; its line of
// standard output is what the SDK's codec makes of it: the message that it writes for what it has read, in base64.
import { createInterface } from "node:readline";
import { EventStreamCodec } from "@smithy/core/event-streams";

const codec = new EventStreamCodec((bytes) => Buffer.from(bytes).toString("utf8"), (text) => Buffer.from(text, "utf8"));

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = Buffer.from(codec.encode(codec.decode(Buffer.from(line, "base64")))).toString("base64");
  } catch (error) {
    answer = `error: ${error.message}`;
  }
  console.log(answer);
}
