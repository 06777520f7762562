//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_BITS_HPP
#define STRAIT_DETAIL_CODEC_BITS_HPP

#include <strait/detail/codec/coder.hpp>

// vector<bool> and bitset: eight to a byte, the first in the lowest bit, unused bits zero.

namespace strait::detail {

template <class Bits>
void save_bits(output_archive& ar, const Bits& bits, std::size_t n) {
    for (std::size_t at = 0; at < n; at += 8) {
        unsigned byte = 0;
        for (std::size_t i = at; i < n && i < at + 8; ++i) byte |= (bits[i] ? 1u : 0u) << (i - at);
        ar.put_number(static_cast<std::uint8_t>(byte));
    }
}

template <class Bits>
void load_bits(input_archive& ar, Bits& bits, std::size_t n) {
    for (std::size_t at = 0; at < n; at += 8) {
        const unsigned byte = ar.get_number<std::uint8_t>();
        for (std::size_t i = at; i < n && i < at + 8; ++i) bits[i] = (byte >> (i - at) & 1) != 0;
        if (n - at < 8 && byte >> (n - at) != 0) [[unlikely]] throw_bad_message();
    }
}

template <class T>
struct coder_for<T, kind::bools> {
    using parts = types<>;
    static constexpr std::string_view tag = "bools";
    static constexpr std::size_t min_bytes() { return 4; }

    static void save(output_archive& ar, const T& v) {
        ar.put_length(v.size());
        ar.charge(charge_for(v.size()));
        save_bits(ar, v, v.size());
    }

    static void load(input_archive& ar, T& v) {
        const std::size_t n = ar.get_length(0);
        if (n / 8 > ar.remaining()) [[unlikely]] throw_bad_message();
        ar.charge(charge_for(n));
        v.assign(n, false);
        load_bits(ar, v, n);
    }

private:
    static constexpr std::size_t charge_for(std::size_t n) { return n / 8 + sizeof(long); }
};

template <class T>
struct coder_for<T, kind::bits> {
    static constexpr std::size_t size = T{}.size();
    using parts = types<>;
    static constexpr std::string_view tag = "bits";
    static constexpr std::array<std::uint64_t, 1> details{size};
    static constexpr std::size_t min_bytes() { return (size + 7) / 8; }
    static void save(output_archive& ar, const T& v) { save_bits(ar, v, size); }
    static void load(input_archive& ar, T& v) { load_bits(ar, v, size); }
};

}  // namespace strait::detail

#endif
