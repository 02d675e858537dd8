//! Fivetran's naming, case by case.

use fivetran_wire::naming;

#[track_caller]
fn check(source: &str, table: &str, column: &str) {
    assert_eq!(naming::table(source), table, "table `{source}`");
    assert_eq!(naming::column(source), column, "column `{source}`");
}

#[test]
fn words_are_split_and_lowercased() {
    check("cpu", "cpu", "cpu");
    check("userData", "user_data", "user_data");
    check("UserData", "user_data", "user_data");
    check("user_data", "user_data", "user_data");
    check("userId2Name", "user_id2_name", "user_id2_name");
    check("HTTPStatus", "httpstatus", "httpstatus");
}

#[test]
fn other_characters_become_one_underscore() {
    check("user.data", "user_data", "user_data");
    check("cpu.load", "cpu_load", "cpu_load");
    check("cpu-load", "cpu_load", "cpu_load");
    check("a  b", "a_b", "a_b");
    check("a__b", "a_b", "a_b");
    check("o'brien", "o_brien", "o_brien");
    check("load %", "load_", "load_");
    check("a_.Bc", "a_bc", "a_bc");
    check("", "", "");
    check("...", "_", "_");
}

#[test]
fn letters_are_transliterated() {
    check("café", "cafe", "cafe");
    check("Größe", "grosse", "grosse");
    check("tempÉté", "temp_ete", "temp_ete");
    check("Łódź", "lodz", "lodz");
    check("температура", "temperatura", "temperatura");
}

#[test]
fn a_leading_digit_gets_an_underscore() {
    check("7days", "_7days", "_7days");
    check("_7days", "_7days", "_7days");
    check("4K", "_4_k", "_4_k");
}

#[test]
fn tables_alone_lose_leading_underscores_before_a_letter() {
    check("_internal", "internal", "_internal");
    check("__internal", "internal", "_internal");
    check(".cpu", "cpu", "_cpu");
}
