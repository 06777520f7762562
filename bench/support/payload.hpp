//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_SUPPORT_PAYLOAD_HPP
#define STRAIT_BENCH_SUPPORT_PAYLOAD_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

// What is sent: the small ones need no heap, so that what is measured is the library's own work.

namespace bench {

using bytes_64 = std::array<std::uint8_t, 64>;
using bytes_1k = std::array<std::uint8_t, 1024>;
using any_bytes = std::vector<std::uint8_t>;

template <class T>
T make_payload(std::size_t bytes) {
    T value{};
    if constexpr (std::is_same_v<T, any_bytes>) value.resize(bytes);
    for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<std::uint8_t>(i * 7);
    return value;
}

// A figure for a wrong answer is worth nothing. Only the ends are looked at, which is cheap.
template <class T>
void require_equal(const T& a, const T& b) {
    if (a.size() == b.size() && a.front() == b.front() && a.back() == b.back()) return;
    std::fputs("bench: what came is not what was sent\n", stderr);
    std::abort();
}

inline std::string bytes_text(std::size_t bytes) {
    if (bytes >= (1u << 20)) return std::to_string(bytes >> 20) + " MiB";
    if (bytes >= 1024) return std::to_string(bytes >> 10) + " KiB";
    return std::to_string(bytes) + " B";
}

}  // namespace bench

#endif
