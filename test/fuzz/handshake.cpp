//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "fuzz/choices.hpp"
#include "fuzz/require.hpp"
#include "names/hello.hpp"

#include <strait/version.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

// The greeting that a client and a listener say, whole or broken, cut anywhere.

using namespace strait;
using namespace strait::detail;
using namespace strait::fuzz;
using state = greeting_reader::state;

namespace {

state feed(greeting_reader& reader, std::span<const std::byte>& from, std::size_t step) {
    state s = state::more;
    while (s == state::more && !from.empty()) {
        const auto room = reader.room();
        STRAIT_FUZZ_REQUIRE(!room.empty());
        const std::size_t n = std::min({room.size(), from.size(), step});
        std::memcpy(room.data(), from.data(), n);
        from = from.subspan(n);
        s = reader.on_read(n);
    }
    return s;
}

channel_identity chosen_channel(choices& from) {
    channel_identity c;
    c.fingerprint = from.number();
    c.id[0] = from.number();
    c.id[1] = from.number();
    c.bounds.max_message_bytes = static_cast<std::uint32_t>(from.number());
    c.bounds.max_pool_bytes = from.number();
    const auto name = from.bytes(from.byte());
    if (!name.empty())
        c.type_name.assign(reinterpret_cast<const char*>(name.data()), name.size());
    if (from.rarely()) c.type_name.append(500, 'n');
    return c;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    choices from(data, size);
    const std::uint8_t how = from.byte();
    const std::size_t step = 1 + from.byte();
    std::vector<std::byte> bytes;
    if ((how & 1) == 0) {
        const auto what = static_cast<answer_code>(from.byte() % 8);
        const byte_buffer greeting = encode_greeting(what, chosen_channel(from));
        bytes.assign(greeting.bytes().begin(), greeting.bytes().end());
        while (!from.empty()) {
            const std::size_t at = (from.byte() * 256u + from.byte()) % bytes.size();
            bytes[at] = static_cast<std::byte>(from.byte());
        }
    } else {
        const auto raw = from.all();
        bytes.assign(raw.begin(), raw.end());
    }

    std::span<const std::byte> rest(bytes);
    greeting_reader reader;
    const state cut = feed(reader, rest, step);
    std::span<const std::byte> rest_of_whole(bytes);
    greeting_reader whole_reader;
    const state whole = feed(whole_reader, rest_of_whole, bytes.size());
    STRAIT_FUZZ_REQUIRE(cut == whole && rest.size() == rest_of_whole.size());
    if (cut != state::complete) return 0;

    const greeting& found = reader.value();
    STRAIT_FUZZ_REQUIRE(found.channel.type_name.size() <= 256);
    diagnostics details;
    channel_identity ours;
    ours.fingerprint = 7;
    ours.type_name = "number";
    const error_code ec = compare(found, ours, details);
    STRAIT_FUZZ_REQUIRE(ec || found.channel.fingerprint == ours.fingerprint);
    for (const char c : details.found) STRAIT_FUZZ_REQUIRE(c >= 0x20 && c < 0x7f);
    if (found.version != protocol_version) return 0;

    // Written again it reads the same.
    const byte_buffer again = encode_greeting(found.what, found.channel);
    std::span<const std::byte> rest_of_again = again.bytes();
    greeting_reader reader_of_again;
    const bool is_read =
        feed(reader_of_again, rest_of_again, again.size()) == state::complete;
    STRAIT_FUZZ_REQUIRE(is_read && rest_of_again.empty());
    const greeting& second = reader_of_again.value();
    STRAIT_FUZZ_REQUIRE(second.what == found.what);
    STRAIT_FUZZ_REQUIRE(second.channel.fingerprint == found.channel.fingerprint);
    STRAIT_FUZZ_REQUIRE(second.channel.type_name == found.channel.type_name);
    STRAIT_FUZZ_REQUIRE(second.channel.bounds == found.channel.bounds);
    return 0;
}
