//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_SEQUENCE_HPP
#define STRAIT_DETAIL_CODEC_SEQUENCE_HPP

#include <strait/detail/codec/charges.hpp>
#include <strait/detail/codec/element.hpp>
#include <strait/detail/copy.hpp>

#include <algorithm>
#include <iterator>

namespace strait::detail {

// C arrays and std::array: the elements, no length.
template <class T>
void save_array(output_archive& ar, const T* from, std::size_t n) {
    if constexpr (is_bitwise<T>()) {
        ar.save_binary(from, n * sizeof(T));
    } else {
        for (std::size_t i = 0; i < n; ++i) coder<T>::save(ar, from[i]);
    }
}

template <class T>
void load_array(input_archive& ar, T* to, std::size_t n) {
    if constexpr (is_bitwise<T>()) {
        if (n > ar.remaining() / sizeof(T)) [[unlikely]] throw_bad_message();
        ar.load_binary(to, n * sizeof(T));
    } else {
        for (std::size_t i = 0; i < n; ++i) coder<T>::load(ar, to[i]);
    }
}

template <class T>
struct coder_for<T, kind::c_array> {
    using element = std::remove_extent_t<T>;
    using parts = types<element>;
    static constexpr std::string_view tag = "array";
    static constexpr std::array<std::uint64_t, 1> details{std::extent_v<T>};
    static constexpr std::size_t min_bytes() {
        return std::extent_v<T> * min_bytes_of<element>();
    }
    static void save(output_archive& ar, const T& v) { save_array(ar, v, std::extent_v<T>); }
    static void load(input_archive& ar, T& v) { load_array(ar, v, std::extent_v<T>); }
};

template <class T>
struct coder_for<T, kind::array> {
    using element = typename T::value_type;
    static constexpr std::size_t size = std::tuple_size_v<T>;
    using parts = types<element>;
    static constexpr std::string_view tag = "array";
    static constexpr std::array<std::uint64_t, 1> details{size};
    static constexpr std::size_t min_bytes() { return size * min_bytes_of<element>(); }
    static void save(output_archive& ar, const T& v) { save_array(ar, v.data(), size); }
    static void load(input_archive& ar, T& v) { load_array(ar, v.data(), size); }
};

template <class T>
struct coder_for<T, kind::sequence> {
    using element = typename T::value_type;
    using parts = types<element>;
    static constexpr std::string_view tag = "sequence";

    // Those that may look at any memory.
    static constexpr bool is_one_of_the_byte_types =
        std::is_same_v<element, char> || std::is_same_v<element, unsigned char> ||
        std::is_same_v<element, std::byte>;

    static constexpr bool bulk() { return is_bitwise<element>() && shape::contiguous<T>; }

    static constexpr std::size_t min_bytes() { return 4; }

    static void save(output_archive& ar, const T& v) {
        ar.put_length(v.size());
        ar.charge(sequence_charge<T>(v.size()));
        if constexpr (bulk()) {
            ar.save_binary(v.data(), v.size() * sizeof(element));
        } else {
            const nesting inner(ar);
            for (const auto& e : v) save_element<element>(ar, e);
        }
    }

    static void load(input_archive& ar, T& v) {
        const std::size_t n = ar.get_length(min_bytes_of<element>());
        ar.charge(sequence_charge<T>(n));
        if constexpr (bulk()) {
            load_bulk(ar, v, n);
        } else {
            const nesting inner(ar);
            v.clear();
            // The budget has paid for all of them.
            if constexpr (requires { v.reserve(n); }) v.reserve(n);
            for (std::size_t i = 0; i < n; ++i) load_one(ar, v);
        }
    }

private:
    static void load_bulk(input_archive& ar, T& v, std::size_t n) {
        if constexpr (is_one_of_the_byte_types) {
            const auto* from = reinterpret_cast<const element*>(ar.take(n));
            assign_bytes(v, from, n);
        } else {
            // Resizing zeroes first: done by pieces, so that the zeroes never leave the first level
            // of cache. Measured: 4 KiB pieces cost less than 10 % over a plain copy.
            constexpr std::size_t piece = std::max<std::size_t>(1, 4096 / sizeof(element));
            v.clear();
            v.reserve(n);
            for (std::size_t at = 0; at < n;) {
                const std::size_t k = std::min(piece, n - at);
                v.resize(at + k);
                ar.load_binary(v.data() + at, k * sizeof(element));
                at += k;
            }
        }
    }

    static void load_one(input_archive& ar, T& v) {
        if constexpr (made_in_place<element> && requires { v.emplace_back(); }) {
            v.emplace_back();
            coder<element>::load(ar, v.back());
        } else {
            v.push_back(load_element<element>(ar));
        }
    }
};

template <class T>
struct coder_for<T, kind::forward_list> {
    using element = typename T::value_type;
    using parts = types<element>;
    static constexpr std::string_view tag = "sequence";
    static constexpr std::size_t min_bytes() { return 4; }

    static void save(output_archive& ar, const T& v) {
        const auto n = static_cast<std::size_t>(std::distance(v.begin(), v.end()));
        ar.put_length(n);
        ar.charge(sequence_charge<T>(n));
        const nesting inner(ar);
        for (const auto& e : v) save_element<element>(ar, e);
    }

    static void load(input_archive& ar, T& v) {
        const std::size_t n = ar.get_length(min_bytes_of<element>());
        ar.charge(sequence_charge<T>(n));
        const nesting inner(ar);
        v.clear();
        auto last = v.before_begin();
        for (std::size_t i = 0; i < n; ++i) {
            if constexpr (made_in_place<element>) {
                last = v.emplace_after(last);
                coder<element>::load(ar, *last);
            } else {
                last = v.insert_after(last, load_element<element>(ar));
            }
        }
    }
};

}  // namespace strait::detail

#endif
