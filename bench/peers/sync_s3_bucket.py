"""The carrousel's function of the system that Corkboard replaces, as its documentation has it, and a loop that hands
it an event for each line of standard input: a Lambda that stays warm."""

import sys

import boto3
import json

ec2 = boto3.resource('ec2')
s3_client = boto3.client('s3')

def lambda_handler(event, context):
    bucket_name = 'carrousel-for-todoapp'
    images_folder = 'images/'
    carrousel_folder = 'carrousel/'
    carrousel_file = 'carrousel.json'

    # Get the contents of the images folder
    images_objects = s3_client.list_objects_v2(Bucket=bucket_name, Prefix=images_folder)
    image_keys = [obj['Key'] for obj in images_objects['Contents'] if obj['Key'] != images_folder]

    # Create a list of objects for the carrousel contents
    carrousel_contents = [{"url": f"https://{bucket_name}.s3.amazonaws.com/{image_key}"} for image_key in image_keys]

    # Write the updated carrousel.json file back to S3
    s3_client.put_object(Bucket=bucket_name, Key=carrousel_folder + carrousel_file, Body=json.dumps(carrousel_contents))


for line in sys.stdin:
    lambda_handler(json.loads(line), None)
    print("done", flush=True)
