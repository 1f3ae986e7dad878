//! Pictures made here, looked at through another decoder.
