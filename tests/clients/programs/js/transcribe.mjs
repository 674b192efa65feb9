// transcribe.mjs ENDPOINT FILE PIECE [signed]: streams FILE to Transcribe in pieces of PIECE bytes by AWS's SDK as it is in
// a browser, over a WebSocket, and prints each final transcript, or "error NAME: MESSAGE". There it signs the handshake
// alone; "signed" takes the part that signs events too, which it has for HTTP/2.
import { readFileSync } from "node:fs";
import { StartStreamTranscriptionCommand, TranscribeStreamingClient } from "@aws-sdk/client-transcribe-streaming";
import { eventStreamPayloadHandlerProvider } from "@aws-sdk/eventstream-handler-node";
import { eventStreamPayloadHandler } from "@aws-sdk/middleware-sdk-transcribe-streaming";
import { WebSocketFetchHandler } from "@aws-sdk/middleware-websocket";

const [endpoint, file, piece, signed] = process.argv.slice(2);
const { hostname, port, protocol } = new URL(endpoint);

let finish;
const finished = new Promise((resolve) => { finish = resolve; });

async function* speak() {
  const audio = readFileSync(file);
  for (let at = 0; at < audio.length; at += Number(piece)) {
    yield { AudioEvent: { AudioChunk: audio.subarray(at, at + Number(piece)) } };
  }
  yield { AudioEvent: { AudioChunk: new Uint8Array() } };
  await finished; // the SDK closes when nothing more is to be sent, and hears nothing then
}

const client = new TranscribeStreamingClient({
  endpoint, maxAttempts: 1, requestHandler: new WebSocketFetchHandler(),
  eventStreamPayloadHandlerProvider: signed ? eventStreamPayloadHandlerProvider : () => eventStreamPayloadHandler,
});

// It writes wss:// before any host, and :8443 behind it.
client.middlewareStack.add((next) => (args) => {
  Object.assign(args.request, { hostname, port: Number(port), protocol: protocol.replace("http", "ws") });
  args.request.headers.host = `${hostname}:${port}`;
  return next(args);
}, { step: "build", priority: "low" });

try {
  const answer = await client.send(new StartStreamTranscriptionCommand({
    LanguageCode: "en-US", MediaSampleRateHertz: 16000, MediaEncoding: "pcm", AudioStream: speak(),
  }));
  for await (const event of answer.TranscriptResultStream) {
    for (const result of event.TranscriptEvent.Transcript.Results.filter((each) => !each.IsPartial)) {
      console.log(result.Alternatives[0].Transcript);
    }
  }
} catch (error) {
  console.log(`error ${error.name}: ${error.message}`);
} finally {
  finish();
  client.destroy();
}
process.exit();
