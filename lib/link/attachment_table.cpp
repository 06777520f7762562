//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/attachment_table.hpp"

#include <algorithm>
#include <string_view>

namespace strait::detail {

namespace {

// Longer names are cut: they are for people, the fingerprint decides.
constexpr std::size_t max_name_bytes = 256;

// All that a peer may not set as it likes, in the order of the wire.
template <class OnLimit>
void for_each_limit(OnLimit on_limit) {
    on_limit(&limits::max_message_bytes);
    on_limit(&limits::max_handles_per_message);
    on_limit(&limits::max_depth);
    on_limit(&limits::max_expansion);
    on_limit(&limits::max_links);
    on_limit(&limits::max_adopted_per_link);
    on_limit(&limits::max_inbox_bytes);
    on_limit(&limits::max_waiting_bytes);
    on_limit(&limits::max_pool_bytes);
}

// What is said of a channel is believed as far as the channel goes itself through which it came.
template <class Integer>
Integer most(Integer limits::*member, const limits& carrier) noexcept {
    return std::max(carrier.*member, limits().*member);
}

void put_limits(byte_buffer& to, const limits& l) {
    for_each_limit([&](auto member) { wire::put(to, l.*member); });
    wire::put(to, l.min_pooled_bytes);
}

limits get_limits(wire::byte_source& from, const limits& carrier) {
    limits l;
    for_each_limit([&]<class Integer>(Integer limits::*member) {
        l.*member = std::min(from.get<Integer>(), most(member, carrier));
    });
    l.min_pooled_bytes = from.get<std::uint32_t>();
    return l;
}

std::string printable(std::span<const std::byte> name) {
    std::string text;
    for (const std::byte b : name) {
        const auto c = static_cast<unsigned char>(b);
        text += c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?';
    }
    return text;
}

}  // namespace

void put_entry(byte_buffer& to, const table_entry& e) {
    const bool is_end =
        e.kind == attachment_kind::sender || e.kind == attachment_kind::receiver;
    const std::string_view name =
        std::string_view(e.identity.type_name)
            .substr(0, is_end && (e.flags & sender_leased) == 0 ? max_name_bytes : 0);
    wire::put(to, static_cast<std::uint8_t>(e.kind));
    wire::put(to, e.flags);
    wire::put(to, static_cast<std::uint16_t>(name.size()));
    wire::put(to, e.handles);
    if (e.kind == attachment_kind::region) wire::put(to, e.region_bytes);
    if (!is_end) return;
    if ((e.flags & sender_leased) != 0) {
        wire::put(to, e.lease);
        return;
    }
    wire::put(to, e.identity.id[0]);
    wire::put(to, e.identity.id[1]);
    wire::put(to, e.identity.fingerprint);
    put_limits(to, e.identity.bounds);
    wire::put(to, e.lease);
    wire::put(to, e.cargo_bytes);
    to.append(name.data(), name.size());
}

table_entry get_entry(wire::byte_source& from, const limits& carrier) {
    table_entry e;
    e.kind = static_cast<attachment_kind>(from.get<std::uint8_t>());
    e.flags = from.get<std::uint8_t>();
    const auto name_bytes = from.get<std::uint16_t>();
    e.handles = from.get<std::uint32_t>();
    if (e.kind == attachment_kind::handle) return e;
    if (e.kind == attachment_kind::region) {
        e.region_bytes = from.get<std::uint64_t>();
        return e;
    }
    if (e.kind == attachment_kind::sender && (e.flags & sender_leased) != 0) {
        e.lease = from.get<std::uint32_t>();
        return e;
    }
    e.identity.id[0] = from.get<std::uint64_t>();
    e.identity.id[1] = from.get<std::uint64_t>();
    e.identity.fingerprint = from.get<std::uint64_t>();
    e.identity.bounds = get_limits(from, carrier);
    e.lease = from.get<std::uint32_t>();
    e.cargo_bytes = from.get<std::uint32_t>();
    e.identity.type_name = printable(from.get_bytes(std::min<std::size_t>(name_bytes, max_name_bytes)));
    return e;
}

}  // namespace strait::detail
