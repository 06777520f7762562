//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "names/hello.hpp"

#include "link/attachment_table.hpp"
#include "wire/bytes.hpp"

#include <strait/version.hpp>

#include <algorithm>
#include <string>

namespace strait::detail {

namespace {

constexpr std::array<char, 4> magic{'s', 't', 'r', 't'};
constexpr std::size_t lead_bytes = 8;  // of the body: the answer and zeros

std::string describe(std::uint16_t version) {
    return "protocol version " + std::to_string(version);
}

}  // namespace

byte_buffer encode_greeting(answer_code what, const channel_identity& channel) {
    byte_buffer body;
    wire::put(body, static_cast<std::uint8_t>(what));
    body.append(std::array<std::byte, lead_bytes - 1>{});
    table_entry e;
    e.kind = what == answer_code::none ? attachment_kind::sender : attachment_kind::receiver;
    e.identity = channel;
    put_entry(body, e);
    byte_buffer out;
    out.append(magic.data(), magic.size());
    wire::put(out, protocol_version);
    wire::put(out, static_cast<std::uint16_t>(body.size()));
    out.append(body.bytes());
    return out;
}

greeting_reader::state greeting_reader::on_read(std::size_t n) {
    got_ += n;
    if (got_ != want_) return state::more;
    if (want_ != head_bytes) return read_body();
    return read_head();
}

greeting_reader::state greeting_reader::read_head() noexcept {
    const auto is_same = [](char a, std::byte b) { return static_cast<std::byte>(a) == b; };
    if (!std::equal(magic.begin(), magic.end(), bytes_.begin(), is_same)) return state::broken;
    wire::byte_source rest(std::span<const std::byte>(bytes_).subspan(magic.size()));
    value_.version = rest.get<std::uint16_t>();
    const auto body_bytes = rest.get<std::uint16_t>();
    if (value_.version != protocol_version) return state::complete;
    if (body_bytes < lead_bytes || body_bytes > max_body_bytes) return state::broken;
    want_ = head_bytes + body_bytes;
    return state::more;
}

greeting_reader::state greeting_reader::read_body() {
    wire::byte_source body(std::span<const std::byte>(bytes_).subspan(head_bytes, want_ - head_bytes));
    value_.what = static_cast<answer_code>(body.get<std::uint8_t>());
    const auto zeros = body.get_bytes(lead_bytes - 1);
    if (std::any_of(zeros.begin(), zeros.end(), [](std::byte b) { return b != std::byte{}; }))
        return state::broken;
    table_entry e = get_entry(body, limits());
    const auto expected =
        value_.what == answer_code::none ? attachment_kind::sender : attachment_kind::receiver;
    const bool is_plain = e.kind == expected && e.flags == 0 && e.handles == 0 && e.lease == 0 &&
                          e.cargo_bytes == 0;
    if (!is_plain || body.failed() || body.left() != 0) return state::broken;
    value_.channel = std::move(e.identity);
    return state::complete;
}

error_code compare(const greeting& theirs, const channel_identity& ours, diagnostics& details) {
    if (theirs.version != protocol_version) {
        details = {describe(protocol_version), describe(theirs.version)};
        return error::version_mismatch;
    }
    const type_identity expected{ours.fingerprint, ours.type_name};
    return check_type(theirs.channel, expected, details) ? error_code() : error::type_mismatch;
}

}  // namespace strait::detail
