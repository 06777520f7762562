//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BYTES_HPP
#define STRAIT_BYTES_HPP

#include <strait/codec.hpp>
#include <strait/detail/copy.hpp>
#include <strait/detail/ends/bytes_view.hpp>
#include <strait/receiver.hpp>
#include <strait/sender.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace strait {

/// The message type of a channel of raw bytes: what is sent is what arrives, without a length or anything
/// else around it. An empty message is one as well.
///
/// Such a channel has everything that others have. Besides, its senders take spans of bytes, and its
/// receivers receive into memory of the caller:
///
///     auto [tx, rx] = strait::make_channel<strait::bytes>(ctx);
///     tx.send(std::as_bytes(std::span(samples)));
///     std::size_t n = rx.recv_into(buffer);
struct bytes : std::vector<std::byte> {
    using std::vector<std::byte>::vector;
    explicit bytes(std::span<const std::byte> content)
        : std::vector<std::byte>(content.begin(), content.end()) {}
};

using bytes_sender = sender<bytes>;
using bytes_receiver = receiver<bytes>;

template <>
struct type_name<bytes> {
    static constexpr std::string_view value = "strait.bytes";
};

template <>
struct codec<bytes> {
    static void encode(const bytes& value, output_archive& ar) {
        ar.save_binary(value.data(), value.size());
    }
    static void decode(input_archive& ar, bytes& value) {
        const std::size_t n = ar.remaining();
        const std::byte* from = ar.take(n);
        detail::assign_bytes(value, from, n);
    }
    static constexpr std::uint64_t fingerprint() { return detail::fingerprint_of<bytes>(); }
};

template <>
struct codec<detail::bytes_view> {
    static void encode(const detail::bytes_view& value, output_archive& ar) {
        ar.save_binary(value.content.data(), value.content.size());
    }
};

}  // namespace strait

#endif
