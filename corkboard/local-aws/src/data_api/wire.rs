//! Requests and responses as the API reference writes them.
//!
//! <https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/Welcome.html>

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::error::Error;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteStatement {
    #[serde(flatten)]
    pub target: Target,
    pub sql: String,
    #[serde(default)]
    pub parameters: Vec<SqlParameter>,
    pub transaction_id: Option<String>,
    #[serde(default)]
    pub include_result_metadata: bool,
    #[serde(default)]
    pub continue_after_timeout: bool,
    format_records_as: Option<String>,
    result_set_options: Option<ResultSetOptions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchExecuteStatement {
    #[serde(flatten)]
    pub target: Target,
    pub sql: String,
    #[serde(default)]
    pub parameter_sets: Vec<Vec<SqlParameter>>,
    pub transaction_id: Option<String>,
}

#[derive(Deserialize)]
pub struct BeginTransaction {
    #[serde(flatten)]
    pub target: Target,
}

/// `CommitTransaction` and `RollbackTransaction`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndTransaction {
    #[serde(flatten)]
    pub target: Target,
    pub transaction_id: String,
}

/// What every call names: the cluster and the secret of its user.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    resource_arn: String,
    secret_arn: String,
    database: Option<String>,
    schema: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResultSetOptions {
    decimal_return_type: Option<String>,
    long_return_type: Option<String>,
}

impl Target {
    /// Refuses what AWS would: names that are no ARNs, and `schema`, which MySQL does not have.
    pub fn check(&self) -> Result<(), Error> {
        check_arn("resourceArn", &self.resource_arn, "rds", "cluster:")?;
        check_arn("secretArn", &self.secret_arn, "secretsmanager", "secret:")?;
        if self.schema.is_some() {
            return Err(Error::bad_request(
                "The schema parameter isn't supported for MySQL.",
            ));
        }
        if self
            .database
            .as_ref()
            .is_some_and(|name| name.chars().count() > 64)
        {
            return Err(Error::bad_request("database is longer than 64 characters"));
        }
        Ok(())
    }
}

/// `arn:partition:service:region:account:resource`, of 11 to 100 characters.
fn check_arn(field: &str, arn: &str, service: &str, resource: &str) -> Result<(), Error> {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    let well_formed = (11..=100).contains(&arn.len())
        && matches!(parts[..], ["arn", partition, in_service, region, account, name]
            if partition.starts_with("aws")
                && in_service == service
                && !region.is_empty()
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && name.len() > resource.len()
                && name.starts_with(resource));
    if well_formed {
        Ok(())
    } else {
        let message = format!(
            "{field} is not an ARN of the form arn:aws:{service}:region:account:{resource}name"
        );
        Err(Error::bad_request(message))
    }
}

impl ExecuteStatement {
    /// Refuses the options that this endpoint does not have, where they ask for more than the default.
    pub fn check(&self) -> Result<(), Error> {
        self.target.check()?;
        let is = |option: Option<&String>, default| option.is_none_or(|value| value == default);
        let options = self.result_set_options.as_ref();
        let decimal = options.and_then(|options| options.decimal_return_type.as_ref());
        let long = options.and_then(|options| options.long_return_type.as_ref());
        if !is(self.format_records_as.as_ref(), "NONE") {
            return Err(Error::bad_request(
                "formatRecordsAs other than NONE is not supported here",
            ));
        }
        if !is(decimal, "STRING") || !is(long, "LONG") {
            return Err(Error::bad_request(
                "resultSetOptions other than decimalReturnType STRING and longReturnType LONG are \
                 not supported here",
            ));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SqlParameter {
    pub name: Option<String>,
    pub type_hint: Option<String>,
    pub value: Option<Value>,
}

/// A value, in parameters and in records. (`arrayValue` does not exist for MySQL.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    #[serde(deserialize_with = "only_true")]
    IsNull(bool),
    BooleanValue(bool),
    LongValue(i64),
    DoubleValue(f64),
    StringValue(String),
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    BlobValue(Vec<u8>),
}

impl Field {
    pub const NULL: Self = Self::IsNull(true);

    /// The size that counts against the limit of a row, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::IsNull(_) | Self::BooleanValue(_) => 1,
            Self::LongValue(_) | Self::DoubleValue(_) => 8,
            Self::StringValue(text) => text.len(),
            Self::BlobValue(bytes) => bytes.len(),
        }
    }
}

fn only_true<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    if bool::deserialize(input)? {
        Ok(true)
    } else {
        Err(D::Error::custom("isNull can only be true"))
    }
}

fn to_base64<S: Serializer>(bytes: &[u8], output: S) -> Result<S::Ok, S::Error> {
    output.serialize_str(&BASE64_STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(input)?;
    BASE64_STANDARD
        .decode(text)
        .map_err(|_| D::Error::custom("blobValue is not base64"))
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecuteStatementResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_metadata: Option<Vec<ColumnMetadata>>,
    /// Empty but present for whatever returns no records, as AWS has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated_fields: Option<Vec<Field>>,
    pub number_of_records_updated: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Vec<Vec<Field>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchExecuteStatementResult {
    pub update_results: Vec<UpdateResult>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateResult {
    pub generated_fields: Vec<Field>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BeginTransactionResult {
    pub transaction_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndTransactionResult {
    pub transaction_status: &'static str,
}

/// What is known of a column. What the engine does not tell stays at zero, false or empty, and
/// `nullable` at 2, "unknown" (the numbers are JDBC's).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the shape is AWS's")]
pub struct ColumnMetadata {
    pub array_base_column_type: i32,
    pub is_auto_increment: bool,
    pub is_case_sensitive: bool,
    pub is_currency: bool,
    pub is_signed: bool,
    pub label: String,
    pub name: String,
    pub nullable: i32,
    pub precision: i32,
    pub scale: i32,
    pub schema_name: String,
    pub table_name: String,
    #[serde(rename = "type")]
    pub jdbc_type: i32,
    pub type_name: String,
}

impl Default for ColumnMetadata {
    fn default() -> Self {
        Self {
            array_base_column_type: 0,
            is_auto_increment: false,
            is_case_sensitive: false,
            is_currency: false,
            is_signed: false,
            label: String::new(),
            name: String::new(),
            nullable: 2,
            precision: 0,
            scale: 0,
            schema_name: String::new(),
            table_name: String::new(),
            jdbc_type: 12,
            type_name: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_are_no_arns_are_refused() {
        let target = |resource: &str, secret: &str| {
            let json = json!({"resourceArn": resource, "secretArn": secret});
            serde_json::from_value::<Target>(json).unwrap().check()
        };
        let cluster = "arn:aws:rds:us-east-1:123456789012:cluster:mydbcluster";
        let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:mysecret";
        assert!(target(cluster, secret).is_ok());
        for (resource, secret) in [
            ("mydbcluster", secret),
            (secret, secret),
            ("arn:aws:rds:us-east-1:12:cluster:mydbcluster", secret),
            ("arn:aws:rds:us-east-1:123456789012:cluster:", secret),
            (cluster, "mysecret"),
            (cluster, ""),
        ] {
            assert_eq!(
                target(resource, secret).unwrap_err().code,
                "BadRequestException"
            );
        }
    }
}
