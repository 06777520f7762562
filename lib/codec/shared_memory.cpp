//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/codec.hpp>
#include <strait/shared_memory.hpp>

#include "shm/region.hpp"

namespace strait {

void shared_memory::strait_save(output_archive& ar) const {
    ar.put_number(static_cast<std::uint64_t>(part_.bytes));
    if (empty()) return;
    ar.put_number(static_cast<std::uint64_t>(offset()));
    ar.put_number(ar.attachments().add(part_.owner));
}

void shared_memory::strait_load(input_archive& ar) {
    part_ = {};
    const auto bytes = ar.get_number<std::uint64_t>();
    if (bytes == 0) return;
    const auto offset = ar.get_number<std::uint64_t>();
    const auto index = ar.get_number<std::uint32_t>();
    auto whole = ar.attachments().take_region(index);
    const std::size_t all = whole->size_bytes();
    if (offset > all || bytes > all - offset) detail::throw_bad_attachment();
    const std::span<const std::byte> seen(
        whole->data() + static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes));
    part_ = {std::move(whole), seen};
}

}  // namespace strait
