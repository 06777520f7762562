//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_WIRE_BYTES_HPP
#define STRAIT_LIB_WIRE_BYTES_HPP

#include <strait/detail/byte_buffer.hpp>

#include <boost/endian/conversion.hpp>

#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>

namespace strait::detail::wire {

template <std::integral Integer>
void put(byte_buffer& to, Integer value) {
    boost::endian::native_to_little_inplace(value);
    to.append(&value, sizeof(value));
}

// Reads little-endian integers and runs of bytes. Past the end it gives zeros and remembers.
class byte_source {
public:
    explicit byte_source(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

    template <std::integral Integer>
    Integer get() noexcept {
        Integer value{};
        if (rest_.size() < sizeof(value)) {
            fail();
            return value;
        }
        std::memcpy(&value, rest_.data(), sizeof(value));
        rest_ = rest_.subspan(sizeof(value));
        return boost::endian::little_to_native(value);
    }

    std::span<const std::byte> get_bytes(std::size_t n) noexcept {
        if (rest_.size() < n) {
            fail();
            return {};
        }
        const auto bytes = rest_.first(n);
        rest_ = rest_.subspan(n);
        return bytes;
    }

    std::size_t left() const noexcept { return rest_.size(); }
    bool failed() const noexcept { return failed_; }

private:
    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }

    std::span<const std::byte> rest_;
    bool failed_ = false;
};

}  // namespace strait::detail::wire

#endif
