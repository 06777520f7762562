//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_FUZZ_CHOICES_HPP
#define STRAIT_TEST_FUZZ_CHOICES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

// The bytes of the fuzzer read as a row of decisions. Behind their end every decision is zero, which
// is the harmless one everywhere: so any bytes are a program, and short ones are simple.

namespace strait::fuzz {

class choices {
public:
    choices(const std::uint8_t* data, std::size_t size) noexcept : rest_(data, size) {}

    bool empty() const noexcept { return rest_.empty(); }
    std::size_t left() const noexcept { return rest_.size(); }

    std::uint8_t byte() noexcept {
        if (rest_.empty()) return 0;
        const std::uint8_t b = rest_.front();
        rest_ = rest_.subspan(1);
        return b;
    }

    // Less than n, which is at most 256 and not zero.
    std::size_t below(std::size_t n) noexcept { return byte() % n; }

    // One of 64.
    bool rarely() noexcept { return byte() >= 0xfc; }

    // Small ones, those around powers of two, those just below the largest, or any.
    std::uint64_t number() noexcept {
        const std::uint8_t b = byte();
        const std::uint64_t low = b & 63u;
        switch (b >> 6) {
        case 0: return low;
        case 1: return (std::uint64_t(1) << low) - 1;
        case 2: return ~std::uint64_t(0) - low;
        default: break;
        }
        std::uint64_t any = 0;
        for (std::uint64_t i = 0; i <= low % 8; ++i) any = any << 8 | byte();
        return any;
    }

    // The honest value, and rarely a lie.
    template <class Integer>
    Integer mostly(Integer honest) noexcept {
        return rarely() ? static_cast<Integer>(number()) : honest;
    }

    std::span<const std::byte> bytes(std::size_t n) noexcept {
        const auto part = rest_.first(std::min(n, rest_.size()));
        rest_ = rest_.subspan(part.size());
        return std::as_bytes(part);
    }

    std::span<const std::byte> all() noexcept { return bytes(rest_.size()); }

private:
    std::span<const std::uint8_t> rest_;
};

}  // namespace strait::fuzz

#endif
