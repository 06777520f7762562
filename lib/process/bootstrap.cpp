//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/bootstrap.hpp"

#include "link/link_receiver.hpp"
#include "link/link_sender.hpp"
#include "posix/stream.hpp"
#include "wire/bytes.hpp"

#include <strait/codec.hpp>
#include <strait/version.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace strait::detail {

namespace {

constexpr std::array<char, 4> magic{'s', 't', 'r', 't'};
constexpr std::size_t preamble_bytes = 8;
constexpr std::size_t min_entry_bytes = 9;

// The two ends of the bootstrap channel know each other, so nothing about its type travels. A child
// trusts its parent, who could do anything to it; and the bounds of a channel must not shrink on
// the way, nor what is unread in it be too much.
channel_identity bootstrap_identity() {
    channel_identity identity;
    limits& l = identity.bounds;
    l.max_message_bytes = std::numeric_limits<std::uint32_t>::max();
    l.max_handles_per_message = 1u << 20;
    l.max_depth = l.max_expansion = l.max_links = l.max_adopted_per_link =
        std::numeric_limits<std::uint32_t>::max();
    l.max_inbox_bytes = l.max_waiting_bytes = std::numeric_limits<std::uint64_t>::max();
    return identity;
}

error_code send_preamble(const handle& stream) {
    byte_buffer bytes;
    bytes.append(magic.data(), magic.size());
    wire::put(bytes, protocol_version);
    wire::put(bytes, std::uint16_t{0});
    const piece whole{bytes.data(), bytes.size()};
    return os::send_some(stream, {&whole, 1}, {}).ec;
}

void receive_preamble(const handle& stream, diagnostics& details) {
    std::array<std::byte, preamble_bytes> bytes;
    std::vector<os::handle_batch> none;
    for (std::size_t got = 0; got != bytes.size();) {
        const os::io_result io = os::recv_some(stream, std::span(bytes).subspan(got), none, true);
        if (io.ec == boost::system::errc::interrupted) continue;
        if (io.ec) throw system_error(io.ec);
        if (io.bytes == 0) throw system_error(asio::error::eof);
        got += io.bytes;
    }
    const auto is_same = [](char a, std::byte b) { return static_cast<std::byte>(a) == b; };
    if (!none.empty() || !std::equal(magic.begin(), magic.end(), bytes.begin(), is_same))
        throw system_error(error::protocol_violation);
    wire::byte_source rest(std::span<const std::byte>(bytes).subspan(magic.size()));
    const auto version = rest.get<std::uint16_t>();
    if (version == protocol_version) return;
    details.expected = "protocol version " + std::to_string(protocol_version);
    details.found = "protocol version " + std::to_string(version);
    throw system_error(error::version_mismatch);
}

void check_names(const std::vector<given_end>& given) {
    std::set<std::string_view> names;
    for (const given_end& g : given)
        if (!g.name.empty() && !names.insert(g.name).second)
            throw system_error(make_error_code(boost::system::errc::invalid_argument));
}

std::uint32_t attach(outgoing_message& message, const given_end& g) {
    switch (g.kind) {
        case given_kind::sender: return message.add(g.sender);
        case given_kind::receiver: return message.add(g.receiver);
        case given_kind::handle: break;
    }
    return message.add(g.os_handle);
}

std::vector<bootstrap_entry> read_entries(std::span<const std::byte> value) {
    wire::byte_source from(value);
    const auto count = from.get<std::uint32_t>();
    if (count > value.size() / min_entry_bytes) throw system_error(error::bad_message);
    std::vector<bootstrap_entry> entries(count);
    for (bootstrap_entry& e : entries) {
        e.kind = static_cast<given_kind>(from.get<std::uint8_t>());
        e.index = from.get<std::uint32_t>();
        const auto name = from.get_bytes(from.get<std::uint32_t>());
        e.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
    }
    if (from.failed() || from.left() != 0) throw system_error(error::bad_message);
    return entries;
}

}  // namespace

error_code bootstrap::prepare(std::vector<given_end>& given) {
    error_code ec;
    auto [ours, theirs] = os::connected_pair(ec);
    if (!ec) ec = send_preamble(ours);
    if (ec) return ec;
    through_ = link_sender::make(std::move(ours), bootstrap_identity(), {}, {});
    child_side_ = std::move(theirs);
    try {
        check_names(given);
        message_.begin(ownership::lend, {}, nullptr);
        byte_buffer& out = message_.buffer();
        wire::put(out, static_cast<std::uint32_t>(given.size()));
        for (const given_end& g : given) {
            wire::put(out, static_cast<std::uint8_t>(g.kind));
            wire::put(out, attach(message_, g));
            wire::put(out, static_cast<std::uint32_t>(g.name.size()));
            out.append(g.name.data(), g.name.size());
        }
        // In one write, with the bytes in memory that rides along: that waits for nobody.
        return message_.prepare(*through_, true);
    } catch (...) {
        ec = current_exception_code();
        message_.revoke();
        return ec;
    }
}

error_code bootstrap::deliver() {
    // While this process has the child's side, the end of the child would not show.
    child_side_.close();
    const error_code ec = through_->send(message_, std::nullopt);
    return ec == asio::error::broken_pipe ? error_code() : ec;
}

std::unique_ptr<bootstrap_message> receive_bootstrap(handle socket, diagnostics& details) {
    receive_preamble(socket, details);
    auto m = std::make_unique<bootstrap_message>();
    auto through = std::make_shared<link_receiver>(bootstrap_identity(), asio::any_io_executor());
    m->through = through;
    error_code ec = through->add_first(std::move(socket));
    if (!ec) ec = through->recv(m->raw, std::nullopt);
    if (!ec) ec = m->raw.fault;
    if (ec) throw system_error(ec);
    m->attachments = std::make_unique<message_reader>(m->raw, *through);
    m->entries = read_entries(m->attachments->value());
    return m;
}

}  // namespace strait::detail
