# Voice memos with Terraform: the same function in shell, Python and Node, one bucket, one role.
terraform {
  required_providers {
    aws     = { source = "hashicorp/aws", version = ">= 6.0" }
    archive = { source = "hashicorp/archive", version = ">= 2.4" }
  }
}

data "aws_partition" "here" {}
data "aws_region" "here" {}
data "aws_caller_identity" "here" {}

locals {
  jobs = "arn:${data.aws_partition.here.partition}:transcribe:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:transcription-job"
  functions = {
    shell  = { runtime = "provided.al2023", handler = "memo" }
    python = { runtime = "python3.13", handler = "app.handler" }
    node   = { runtime = "nodejs22.x", handler = "index.handler" }
  }
}

resource "aws_lambda_layer_version" "countersign" {
  layer_name       = "countersign"
  filename         = "${path.module}/../../../build/layer/countersign-x86_64.zip"
  source_code_hash = filebase64sha256("${path.module}/../../../build/layer/countersign-x86_64.zip")
}

data "archive_file" "code" {
  for_each    = local.functions
  type        = "zip"
  source_dir  = "${path.module}/../functions/${each.key}"
  output_path = "${path.module}/.terraform/${each.key}.zip"
}

resource "aws_lambda_function" "memos" {
  for_each         = local.functions
  function_name    = "voice-memos-${each.key}"
  filename         = data.archive_file.code[each.key].output_path
  source_code_hash = data.archive_file.code[each.key].output_base64sha256
  runtime          = each.value.runtime
  handler          = each.value.handler
  role             = aws_iam_role.memos.arn
  layers           = [aws_lambda_layer_version.countersign.arn]
  architectures    = ["x86_64"]
  timeout          = 300
  memory_size      = 256
  environment {
    variables = { BUCKET = aws_s3_bucket.memos.bucket }
  }
}

resource "aws_s3_bucket" "memos" {
  bucket_prefix = "voice-memos-"
}

data "aws_iam_policy_document" "memos" {
  statement {
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = ["${aws_s3_bucket.memos.arn}/memos/*", "${aws_s3_bucket.memos.arn}/transcripts/*"]
  }
  statement {
    actions   = ["transcribe:StartTranscriptionJob"]
    resources = ["*"] # AWS offers nothing narrower for it
  }
  statement {
    actions   = ["transcribe:GetTranscriptionJob"]
    resources = ["${local.jobs}/memo-*"]
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "memos" {
  name_prefix        = "voice-memos-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "memos" {
  role   = aws_iam_role.memos.id
  policy = data.aws_iam_policy_document.memos.json
}

resource "aws_iam_role_policy_attachment" "log" {
  role       = aws_iam_role.memos.name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
