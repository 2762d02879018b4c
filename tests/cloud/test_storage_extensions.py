"""Buckets, EFS, Backup, keys: what moto lacks or gets wrong, done as AWS does it."""

import json

import pytest

from herd.cloud import policies


class TestBuckets:
    def test_a_new_bucket_is_closed_encrypted_and_without_acls(self, cloud):
        s3, name = cloud.client("s3"), {"Bucket": cloud.bucket()}
        rules = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        assert all(s3.get_public_access_block(**name)["PublicAccessBlockConfiguration"].values())
        owner = s3.get_bucket_ownership_controls(**name)["OwnershipControls"]["Rules"]
        assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]

    def test_making_it_again_neither_fails_in_the_first_region_nor_opens_it(self, cloud):
        s3 = cloud.client("s3", region="us-east-1")
        s3.create_bucket(Bucket="made-twice")
        s3.delete_public_access_block(Bucket="made-twice")
        s3.create_bucket(Bucket="made-twice")
        assert cloud.refused(s3.get_public_access_block, Bucket="made-twice") == "NoSuchPublicAccessBlockConfiguration"

    def test_elsewhere_it_fails(self, cloud):
        cloud.bucket()
        place = {"LocationConstraint": cloud.region}
        call = cloud.client("s3").create_bucket
        code = cloud.refused(call, Bucket="a-bucket-of-tests", CreateBucketConfiguration=place)
        assert code == "BucketAlreadyOwnedByYou"

    def test_encryption_that_was_set_and_taken_away_is_the_default_again(self, cloud):
        s3, name = cloud.client("s3"), {"Bucket": cloud.bucket()}
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(**name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        seen = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        assert seen["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        s3.delete_bucket_encryption(**name)
        seen = s3.get_bucket_encryption(**name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        assert seen["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"

    def test_a_policy_for_tls_alone_is_taken_and_a_public_one_only_where_it_may_be(self, cloud):
        s3, name = cloud.client("s3"), cloud.bucket()
        things = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        tls = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": things,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls]}))
        public = json.dumps(
            {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": things[1]}]}
        )
        assert cloud.refused(s3.put_bucket_policy, Bucket=name, Policy=public) == "AccessDenied"
        s3.delete_public_access_block(Bucket=name)
        s3.put_bucket_policy(Bucket=name, Policy=public)

    @pytest.mark.parametrize(
        ("condition", "public"),
        [
            (None, True),
            ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
            ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, False),
            ({"StringLike": {"aws:PrincipalArn": "*"}}, True),
            ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, True),
            ({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, False),
            ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, True),
            ({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True),
            ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ],
    )
    def test_what_public_means(self, condition, public):
        statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "*"}
        if condition:
            statement["Condition"] = condition
        assert policies.is_public(statement) is public
        assert not policies.is_public({**statement, "Effect": "Deny"})
        assert not policies.is_public({**statement, "Principal": {"AWS": "111122223333"}})

    def test_object_lock_keeps_versioning_on(self, cloud):
        s3 = cloud.client("s3", region="us-east-1")
        s3.create_bucket(Bucket="locked-bucket", ObjectLockEnabledForBucket=True)
        off = {"Bucket": "locked-bucket", "VersioningConfiguration": {"Status": "Suspended"}}
        assert cloud.refused(s3.put_bucket_versioning, **off) == "InvalidBucketState"


class TestEfs:
    @pytest.fixture
    def efs(self, cloud):
        return cloud.client("efs")

    def test_throughput_can_be_changed(self, cloud, efs):
        name = {"FileSystemId": efs.create_file_system()["FileSystemId"]}
        changed = efs.update_file_system(**name, ThroughputMode="provisioned", ProvisionedThroughputInMibps=64.0)
        assert (changed["ThroughputMode"], changed["ProvisionedThroughputInMibps"]) == ("provisioned", 64.0)
        changed = efs.update_file_system(**name, ThroughputMode="elastic")
        assert "ProvisionedThroughputInMibps" not in changed
        (seen,) = efs.describe_file_systems()["FileSystems"]
        assert seen["ThroughputMode"] == "elastic"
        wrong = {"ThroughputMode": "bursting", "ProvisionedThroughputInMibps": 64.0}
        assert cloud.refused(efs.update_file_system, **name, **wrong) == "BadRequest"
        assert cloud.refused(efs.update_file_system, FileSystemId="fs-01234567") == "FileSystemNotFound"

    def test_backups_are_switched_on_and_off(self, cloud, efs):
        name = {"FileSystemId": efs.create_file_system()["FileSystemId"]}
        assert cloud.refused(efs.describe_backup_policy, **name) == "PolicyNotFound"
        for status in ("ENABLED", "DISABLED"):
            efs.put_backup_policy(**name, BackupPolicy={"Status": status})
            assert efs.describe_backup_policy(**name)["BackupPolicy"]["Status"] == status

    def test_a_policy_can_be_taken_away(self, cloud, efs):
        name = {"FileSystemId": efs.create_file_system()["FileSystemId"]}
        allow = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount"}
        efs.put_file_system_policy(**name, Policy=json.dumps({"Statement": [allow]}))
        efs.delete_file_system_policy(**name)
        assert cloud.refused(efs.describe_file_system_policy, **name) == "PolicyNotFound"
        assert cloud.refused(efs.delete_file_system_policy, **name) == "PolicyNotFound"
        assert cloud.refused(efs.put_file_system_policy, **name, Policy="{") == "InvalidPolicyException"

    def test_access_points_go_with_their_file_system(self, cloud, efs):
        name = {"FileSystemId": efs.create_file_system()["FileSystemId"]}
        efs.create_access_point(**name, ClientToken="home")
        assert cloud.refused(efs.create_access_point, **name, ClientToken="home") == "AccessPointAlreadyExists"
        efs.delete_file_system(**name)
        assert efs.describe_access_points()["AccessPoints"] == []

    def test_encryption_names_its_key_by_arn(self, cloud, efs):
        key = cloud.client("kms").create_key()["KeyMetadata"]
        made = efs.create_file_system(CreationToken="a", Encrypted=True, KmsKeyId=key["KeyId"])
        assert made["KmsKeyId"] == key["Arn"]
        own = efs.create_file_system(CreationToken="b", Encrypted=True)["KmsKeyId"]
        assert own.startswith(f"arn:aws:kms:{cloud.region}:{cloud.account}:key/")
        missing = {"CreationToken": "c", "Encrypted": True, "KmsKeyId": key["KeyId"][:-4] + "0000"}
        assert cloud.refused(efs.create_file_system, **missing) == "BadRequest"


class TestBackups:
    @pytest.fixture
    def backup(self, cloud):
        client = cloud.client("backup")
        client.create_backup_vault(BackupVaultName="vault")
        return client

    def plan(self, backup, name="nightly", **rule):
        rules = [{"RuleName": "r", "TargetBackupVaultName": "vault", **rule}]
        return {"BackupPlanName": name, "Rules": rules}

    def test_a_plan_changes_in_place(self, cloud, backup):
        made = backup.create_backup_plan(BackupPlan=self.plan(backup))
        name = {"BackupPlanId": made["BackupPlanId"]}
        rule_id = backup.get_backup_plan(**name)["BackupPlan"]["Rules"][0]["RuleId"]
        changed = backup.update_backup_plan(**name, BackupPlan=self.plan(backup, Lifecycle={"DeleteAfterDays": 35}))
        assert changed["VersionId"] != made["VersionId"]
        seen = backup.get_backup_plan(**name)
        assert seen["VersionId"] == changed["VersionId"]
        (rule,) = seen["BackupPlan"]["Rules"]
        assert (rule["RuleId"], rule["Lifecycle"]["DeleteAfterDays"]) == (rule_id, 35)
        missing = {"BackupPlanId": "x", "BackupPlan": self.plan(backup)}
        assert cloud.refused(backup.update_backup_plan, **missing) == "ResourceNotFoundException"

    @pytest.mark.parametrize(
        "rule",
        [
            {"ScheduleExpression": "cron(0 5 * * * *)"},
            {"StartWindowMinutes": 30},
            {"StartWindowMinutes": 120, "CompletionWindowMinutes": 120},
            {"Lifecycle": {"DeleteAfterDays": 0}},
            {"Lifecycle": {"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 90}},
        ],
    )
    def test_rules_that_cannot_be(self, cloud, backup, rule):
        refused = cloud.refused(backup.create_backup_plan, BackupPlan=self.plan(backup, **rule))
        assert refused == "InvalidParameterValueException"
        assert backup.list_backup_plans()["BackupPlansList"] == []

    def test_selections_are_kept_and_keep_their_plan(self, cloud, backup):
        name = {"BackupPlanId": backup.create_backup_plan(BackupPlan=self.plan(backup))["BackupPlanId"]}
        tags = [{"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "nightly"}]
        wanted = {"SelectionName": "tagged", "IamRoleArn": cloud.role(), "ListOfTags": tags}
        made = {"SelectionId": backup.create_backup_selection(**name, BackupSelection=wanted)["SelectionId"]}
        assert backup.get_backup_selection(**name, **made)["BackupSelection"] == wanted
        again = {"BackupSelection": wanted}
        assert cloud.refused(backup.create_backup_selection, **name, **again) == "AlreadyExistsException"
        assert cloud.refused(backup.delete_backup_plan, **name) == "InvalidRequestException"
        backup.delete_backup_selection(**name, **made)
        assert cloud.refused(backup.get_backup_selection, **name, **made) == "ResourceNotFoundException"
        backup.delete_backup_plan(**name)
        assert cloud.refused(backup.get_backup_plan, **name) == "ResourceNotFoundException"
        # The name of a deleted plan can be used again.
        backup.create_backup_plan(BackupPlan=self.plan(backup))

    def test_a_selection_of_nothing_is_refused(self, cloud, backup):
        name = {"BackupPlanId": backup.create_backup_plan(BackupPlan=self.plan(backup))["BackupPlanId"]}
        nothing = {"SelectionName": "none", "IamRoleArn": cloud.role()}
        call = backup.create_backup_selection
        assert cloud.refused(call, **name, BackupSelection=nothing) == "InvalidParameterValueException"

    def test_a_vaults_policy(self, cloud, backup):
        name = {"BackupVaultName": "vault"}
        assert cloud.refused(backup.get_backup_vault_access_policy, **name) == "ResourceNotFoundException"
        deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteBackupVault", "Resource": "*"}
        backup.put_backup_vault_access_policy(**name, Policy=json.dumps({"Statement": [deny]}))
        assert "DeleteBackupVault" in backup.get_backup_vault_access_policy(**name)["Policy"]
        for wrong in ("{", json.dumps({"Statement": [{"Effect": "Deny"}]})):
            call = backup.put_backup_vault_access_policy
            assert cloud.refused(call, **name, Policy=wrong) == "InvalidParameterValueException"
        backup.delete_backup_vault_access_policy(**name)
        assert cloud.refused(backup.get_backup_vault_access_policy, **name) == "ResourceNotFoundException"


class TestKeys:
    @pytest.fixture
    def kms(self, cloud):
        return cloud.client("kms")

    def test_rotation_has_a_period(self, cloud, kms):
        key = {"KeyId": kms.create_key()["KeyMetadata"]["KeyId"]}
        kms.enable_key_rotation(**key)
        assert kms.get_key_rotation_status(**key)["RotationPeriodInDays"] == 365
        kms.enable_key_rotation(**key, RotationPeriodInDays=180)
        assert kms.get_key_rotation_status(**key)["RotationPeriodInDays"] == 180
        kms.disable_key_rotation(**key)
        assert "RotationPeriodInDays" not in kms.get_key_rotation_status(**key)

    def test_a_grant_asked_for_again_by_name_is_the_same(self, cloud, kms):
        wanted = {
            "KeyId": kms.create_key()["KeyMetadata"]["KeyId"],
            "GranteePrincipal": cloud.role(),
            "Operations": ["Decrypt"],
        }
        first = kms.create_grant(**wanted, Name="nodes")
        assert kms.create_grant(**wanted, Name="nodes")["GrantId"] == first["GrantId"]
        assert kms.create_grant(**{**wanted, "Operations": ["Encrypt"]}, Name="nodes")["GrantId"] != first["GrantId"]
        assert kms.create_grant(**wanted)["GrantId"] != kms.create_grant(**wanted)["GrantId"]
        kms.revoke_grant(KeyId=wanted["KeyId"], GrantId=first["GrantId"])
        again = {"KeyId": wanted["KeyId"], "GrantId": first["GrantId"]}
        assert cloud.refused(kms.revoke_grant, **again) == "NotFoundException"

    def test_a_service_linked_role_can_be_granted_before_aws_has_made_it(self, cloud, kms):
        path = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        kms.create_grant(
            KeyId=kms.create_key()["KeyMetadata"]["KeyId"],
            GranteePrincipal=f"arn:aws:iam::{cloud.account}:role/{path}",
            Operations=["Decrypt"],
        )

    def test_keys_of_aws_are_aws_s_and_stay(self, cloud, kms):
        seen = kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
        assert seen["KeyManager"] == "AWS"
        assert cloud.refused(kms.schedule_key_deletion, KeyId=seen["KeyId"]) == "AccessDeniedException"

    def test_logs_may_use_a_key_whose_policy_says_so(self, cloud, kms):
        root = f"arn:aws:iam::{cloud.account}:root"
        mine = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
        theirs = {
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{cloud.region}.amazonaws.com"},
            "Action": ["kms:Encrypt*", "kms:Decrypt*"],
            "Resource": "*",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [mine, theirs]})
        key = kms.create_key(Policy=document)["KeyMetadata"]["Arn"]
        cloud.client("logs").create_log_group(logGroupName="/herd", kmsKeyId=key)
