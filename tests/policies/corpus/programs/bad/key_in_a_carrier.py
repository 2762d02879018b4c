"""A key pair in a template, a bucket through Cloud Control.

expect: HERD-079 templateBody.Resources.Key.Type
expect: HERD-079 typeName
"""

import json

import pulumi_aws as aws

key = {"Type": "AWS::EC2::KeyPair", "Properties": {"KeyName": "admin"}}
aws.cloudformation.Stack("vendor", template_body=json.dumps({"Resources": {"Key": key}}))
aws.cloudcontrol.Resource("datasets", type_name="AWS::S3::Bucket", desired_state=json.dumps({"BucketName": "datasets"}))
