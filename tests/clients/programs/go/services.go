package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// services asks each service for what is there by AWS's SDK, led by the environment alone.
func services() {
	ctx := context.Background()
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		panic(err)
	}
	ask(ctx, "cloudwatch", cloudwatch.NewFromConfig(c).ListMetrics)
	ask(ctx, "dynamodb", dynamodb.NewFromConfig(c).ListTables)
	ask(ctx, "ec2", ec2.NewFromConfig(c).DescribeKeyPairs)
	ask(ctx, "lambda", lambda.NewFromConfig(c).ListFunctions)
	ask(ctx, "route53", route53.NewFromConfig(c).ListHostedZones)
	ask(ctx, "s3", s3.NewFromConfig(c).ListBuckets)
	ask(ctx, "sns", sns.NewFromConfig(c).ListTopics)
	ask(ctx, "sqs", sqs.NewFromConfig(c).ListQueues)
	ask(ctx, "sts", sts.NewFromConfig(c).GetCallerIdentity)
}

func ask[Input, Option, Output any](ctx context.Context, service string,
	operation func(context.Context, *Input, ...Option) (*Output, error)) {
	answer, err := operation(ctx, new(Input))
	tell(service, -1, answer, err)
}
