//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_COPY_HPP
#define STRAIT_DETAIL_COPY_HPP

#include <strait/detail/config.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace strait::detail {

// glibc copies 4 KiB and more by `rep movsb`, which on some processors (measured: AMD EPYC, Zen 3 and
// 4) takes 15 to 20 times as long where the target lies 1 to 31 bytes further into its page than the
// source. Copied in pieces that are too small for that, the same bytes take no longer than others.
// From some MiB on glibc copies in another way.
inline constexpr std::size_t copy_piece_bytes = 1984;

inline bool copies_slowly(const void* to, const void* from, std::size_t n) noexcept {
    constexpr std::size_t first = 4u << 10, last = 2u << 20;
    const std::uintptr_t further =
        reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
    return n >= first && n < last && (further - 1) % 4096 < 31;
}

// As memcpy, of any number of bytes.
inline void copy_memory(void* to, const void* from, std::size_t n) noexcept {
    if (!copies_slowly(to, from, n)) [[likely]] {
        if (n != 0) std::memcpy(to, from, n);
        return;
    }
    auto* at = static_cast<std::byte*>(to);
    const auto* source = static_cast<const std::byte*>(from);
    while (n != 0) {
        const std::size_t piece = std::min(n, copy_piece_bytes);
        std::memcpy(at, source, piece);
        at += piece;
        source += piece;
        n -= piece;
    }
}

// As container.assign(from, from + n), of bytes.
template <class Container>
void assign_bytes(
    Container& to, const typename Container::value_type* from, std::size_t n) {
    to.clear();
    to.reserve(n);
    while (n != 0) {
        const bool whole = !copies_slowly(to.data() + to.size(), from, n);
        const std::size_t piece = whole ? n : std::min(n, copy_piece_bytes);
        to.insert(to.end(), from, from + piece);
        from += piece;
        n -= piece;
    }
}

}  // namespace strait::detail

#endif
