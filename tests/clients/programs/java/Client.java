import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/**
 * Client JOB: does to a bucket what the job (a JSON file) says with AWS's SDK, and prints a line of JSON for each
 * outcome: [operation, number of the key, outcome]. An outcome that is an error begins with "error".
 */
public final class Client {
    private static final String TYPE = "text/plain; charset=utf-8";
    private static final Map<String, String> METADATA = Map.of("note", "a b, c", "mixedcase", "~!*'()");

    private final Map<String, JsonNode> job;
    private final String bucket;
    private final String prefix;
    private final S3Client s3;
    private final S3Presigner presigner;

    private Client(Map<String, JsonNode> job) {
        this.job = job;
        bucket = job.get("bucket").asString();
        prefix = job.get("prefix").asString();
        URI endpoint = URI.create(job.get("endpoint").asString());
        Region region = Region.of(job.get("region").asString());
        s3 = S3Client.builder().endpointOverride(endpoint).region(region).forcePathStyle(true).build();
        presigner = S3Presigner.builder().endpointOverride(endpoint).region(region)
            .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(true).build()).build();
    }

    public static void main(String[] arguments) throws Exception {
        Client client = new Client(JsonNode.parser().parse(Files.readString(Path.of(arguments[0]))).asObject());
        List<JsonNode> keys = client.job.get("keys").asArray();
        for (int number = 0; number < keys.size(); number++) {
            client.one(number, keys.get(number).asString());
        }
        client.large();
        tell("list", -1, client::list);
    }

    static void tell(String operation, int number, Callable<Object> doing) {
        String outcome;
        try {
            outcome = String.valueOf(doing.call());
        } catch (Exception error) {
            outcome = "error: " + error;
        }
        System.out.println("[\"" + operation + "\", " + number + ", " + quoted(outcome) + "]");
    }

    private static String quoted(String text) {
        StringBuilder line = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            boolean plain = each >= ' ' && each < 127 && each != '"' && each != '\\';
            line.append(plain ? String.valueOf(each) : String.format("\\u%04x", (int) each));
        }
        return line.append('"').toString();
    }

    private void one(int number, String name) {
        String key = prefix + name;
        byte[] content = ("content of " + name).getBytes(StandardCharsets.UTF_8);
        tell("put", number, () -> s3.putObject(
            put -> put.bucket(bucket).key(key).contentType(TYPE).metadata(METADATA),
            RequestBody.fromInputStream(new ByteArrayInputStream(content), content.length)).eTag());
        tell("head", number, () -> {
            HeadObjectResponse found = s3.headObject(head -> head.bucket(bucket).key(key));
            return found.contentLength() + " " + found.contentType() + " " + new TreeMap<>(found.metadata());
        });
        tell("get", number, () -> text(get(key, null)));
        tell("range", number, () -> text(get(key, "bytes=2-5")));
        tell("copy", number, () -> s3.copyObject(copy -> copy.sourceBucket(bucket).sourceKey(key)
            .destinationBucket(bucket).destinationKey(key + ".copy")).copyObjectResult().eTag());
        tell("get copy", number, () -> text(get(key + ".copy", null)));
        tell("delete", number, () -> {
            s3.deleteObject(delete -> delete.bucket(bucket).key(key + ".copy"));
            return "";
        });
        tell("presigned", number, () -> presigned(key));
    }

    private static String text(byte[] content) {
        return new String(content, StandardCharsets.UTF_8);
    }

    private byte[] get(String key, String range) {
        return s3.getObjectAsBytes(get -> get.bucket(bucket).key(key).range(range)).asByteArray();
    }

    private String presigned(String key) throws Exception {
        URI address = presigner.presignGetObject(sign -> sign.signatureDuration(Duration.ofMinutes(1))
            .getObjectRequest(get -> get.bucket(bucket).key(key))).url().toURI();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(
            HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    private void large() {
        String key = prefix + "large +é";
        int size = Integer.parseInt(job.get("largeBytes").asNumber());
        int part = Integer.parseInt(job.get("partBytes").asNumber());
        byte[] content = "0123456789abcdef".repeat(size / 16).getBytes(StandardCharsets.UTF_8);
        tell("upload", -1, () -> upload(key, content, part));
        tell("get large", -1, () -> HexFormat.of().formatHex(
            MessageDigest.getInstance("SHA-256").digest(get(key, null))));
    }

    private String upload(String key, byte[] content, int size) {
        String id = s3.createMultipartUpload(create -> create.bucket(bucket).key(key)).uploadId();
        List<CompletedPart> parts = new ArrayList<>();
        for (int start = 0; start < content.length; start += size) {
            int number = parts.size() + 1;
            int length = Math.min(size, content.length - start);
            String tag = s3.uploadPart(upload -> upload.bucket(bucket).key(key).uploadId(id).partNumber(number),
                RequestBody.fromInputStream(new ByteArrayInputStream(content, start, length), length)).eTag();
            parts.add(CompletedPart.builder().partNumber(number).eTag(tag).build());
        }
        return s3.completeMultipartUpload(complete -> complete.bucket(bucket).key(key).uploadId(id)
            .multipartUpload(all -> all.parts(parts))).eTag();
    }

    private List<String> list() {
        List<String> keys = new ArrayList<>();
        s3.listObjectsV2Paginator(list -> list.bucket(bucket).prefix(prefix).maxKeys(7)).contents()
            .forEach(each -> keys.add(each.key().substring(prefix.length())));
        return keys.stream().sorted().toList();
    }
}
