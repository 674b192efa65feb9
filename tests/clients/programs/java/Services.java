import java.util.concurrent.Callable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.route53.Route53Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sts.StsClient;

/**
 * Services: asks each service for what is there by AWS's SDK, led by the environment alone, and prints a line of JSON
 * for each, as Client does. The outcome of an error begins with "error", then its class, status and code.
 */
public final class Services {
    private Services() {
    }

    public static void main(String[] arguments) {
        ask("cloudwatch", () -> CloudWatchClient.create().listMetrics());
        ask("dynamodb", () -> DynamoDbClient.create().listTables());
        ask("ec2", () -> Ec2Client.create().describeKeyPairs());
        ask("lambda", () -> LambdaClient.create().listFunctions());
        ask("route53", () -> Route53Client.create().listHostedZones());
        ask("s3", () -> S3Client.create().listBuckets());
        ask("sns", () -> SnsClient.create().listTopics());
        ask("sqs", () -> SqsClient.create().listQueues());
        ask("sts", () -> StsClient.create().getCallerIdentity());
    }

    private static void ask(String service, Callable<Object> call) {
        Client.tell(service, -1, () -> {
            try {
                return call.call();
            } catch (AwsServiceException error) {
                return "error: " + error.getClass().getSimpleName() + ": " + error.statusCode() + " "
                    + error.awsErrorDetails().errorCode() + ": " + error.awsErrorDetails().errorMessage();
            }
        });
    }
}
