//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/attachment_table.hpp"
#include "link/cargo.hpp"
#include "link/link_receiver.hpp"
#include "link/link_sender.hpp"
#include "posix/stream.hpp"

#include <strait/detail/link/cores.hpp>

#include <cstdio>
#include <span>
#include <utility>

namespace strait::detail {

struct message_reader::entry {
    table_entry what;
    std::span<handle> handles;
    std::span<const std::byte> cargo_bytes;
    std::shared_ptr<sender_core> sender;  // once it was taken: the source of further ones
    bool taken = false;
};

namespace {

std::string describe(std::string_view name, std::uint64_t fingerprint) {
    char number[20];
    std::snprintf(number, sizeof(number), " [%016llx]", static_cast<unsigned long long>(fingerprint));
    return std::string(name) + number;
}

}  // namespace

message_reader::message_reader(incoming_message& message, receiver_core& receiver)
    : message_(message), receiver_(receiver), value_(message.body) {
    if (!message.has_table) {
        if (!message.handles.empty()) throw system_error(error::bad_attachment);
        return;
    }
    executor_ = receiver.executor();
    const auto body = message.body;
    if (body.size() < table_tail_bytes) throw system_error(error::bad_attachment);
    wire::byte_source tail(body.last(table_tail_bytes));
    const auto count = tail.get<std::uint32_t>();
    const auto table_bytes = tail.get<std::uint32_t>();
    if (table_bytes < table_tail_bytes || table_bytes > body.size() ||
        count > (table_bytes - table_tail_bytes) / min_entry_bytes)
        throw system_error(error::bad_attachment);
    value_ = body.first(body.size() - table_bytes);
    wire::byte_source table(
        body.subspan(value_.size(), table_bytes - table_tail_bytes));
    std::span<handle> handles(message.handles);
    entries_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        entry e;
        e.what = get_entry(table, receiver.identity().bounds);
        e.cargo_bytes = table.get_bytes(e.what.cargo_bytes);
        if (table.failed() || e.what.handles > handles.size())
            throw system_error(error::bad_attachment);
        e.handles = handles.first(e.what.handles);
        handles = handles.subspan(e.what.handles);
        entries_.push_back(std::move(e));
    }
    if (table.left() != 0 || !handles.empty()) throw system_error(error::bad_attachment);
}

message_reader::~message_reader() = default;

message_reader::entry& message_reader::find(std::uint32_t index, int kind) {
    if (index >= entries_.size() || static_cast<int>(entries_[index].what.kind) != kind)
        throw system_error(error::bad_attachment);
    return entries_[index];
}

void message_reader::check_type(const entry& e, const type_identity& expected) {
    if (e.what.identity.fingerprint == expected.fingerprint) return;
    details_.expected = describe(expected.name, expected.fingerprint);
    details_.found = describe(e.what.identity.type_name, e.what.identity.fingerprint);
    throw system_error(error::type_mismatch);
}

handle message_reader::take_handle(std::uint32_t index) {
    entry& e = find(index, static_cast<int>(attachment_kind::handle));
    if (e.taken || e.handles.size() != 1) throw system_error(error::bad_attachment);
    e.taken = true;
    return std::move(e.handles[0]);
}

std::shared_ptr<sender_core> message_reader::take_sender(
    std::uint32_t index, const type_identity& expected) {
    entry& e = find(index, static_cast<int>(attachment_kind::sender));
    if (e.sender) return e.sender->clone(executor_);
    check_type(e, expected);
    if (e.handles.size() != 1 || !os::is_link_stream(e.handles[0]))
        throw system_error(error::bad_attachment);
    e.taken = true;
    e.sender = link_sender::make(std::move(e.handles[0]), std::move(e.what.identity), {}, executor_);
    return e.sender;
}

std::shared_ptr<receiver_core> message_reader::take_receiver(
    std::uint32_t index, const type_identity& expected) {
    entry& e = find(index, static_cast<int>(attachment_kind::receiver));
    if (e.taken) throw system_error(error::bad_attachment);
    check_type(e, expected);
    e.taken = true;
    cargo load;
    if (error_code ec = get_cargo(
            e.cargo_bytes, e.handles, e.what.identity.bounds, os::now_ns(), load))
        throw system_error(ec);
    return link_receiver::make(std::move(e.what.identity), std::move(load), executor_);
}

void message_reader::finish() const {
    for (const entry& e : entries_)
        if (!e.taken) throw system_error(error::bad_attachment);
}

}  // namespace strait::detail
