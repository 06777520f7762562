//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/codec.hpp>

#include <optional>

namespace strait::detail {

namespace {

// In the place of the number of an attachment: the bytes follow.
constexpr std::uint32_t inline_bytes = 0xffff'ffff;

}  // namespace

void save_payload(output_archive& ar, std::shared_ptr<payload>& owner,
    std::span<const std::byte> bytes) {
    ar.put_number(static_cast<std::uint64_t>(bytes.size()));
    if (bytes.empty()) return;
    std::optional<std::uint32_t> index;
    if (auto* attachments = ar.attachments_if_any()) index = attachments->add(owner, bytes);
    ar.put_number(index.value_or(inline_bytes));
    if (index) return;
    ar.charge(bytes.size());
    ar.save_binary(bytes.data(), bytes.size());
}

payload_part load_payload(input_archive& ar) {
    const auto size = ar.get_number<std::uint64_t>();
    if (size == 0) return {};
    const auto index = ar.get_number<std::uint32_t>();
    if (index == inline_bytes) {
        if (size > ar.remaining()) throw_bad_message();
        ar.charge(size);
        return copy_payload({ar.take(static_cast<std::size_t>(size)), static_cast<std::size_t>(size)});
    }
    payload_part part = ar.attachments().take_payload(index);
    if (part.bytes.size() != size) throw_bad_attachment();
    return part;
}

}  // namespace strait::detail
