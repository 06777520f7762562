//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_SCALAR_HPP
#define STRAIT_DETAIL_CODEC_SCALAR_HPP

#include <strait/detail/codec/coder.hpp>

namespace strait::detail {

template <class T>
struct coder_for<T, kind::boolean> {
    using parts = types<>;
    static constexpr std::string_view tag = "bool";
    static constexpr std::size_t min_bytes() { return 1; }

    static void save(output_archive& ar, T value) {
        ar.put_number(static_cast<std::uint8_t>(value ? 1 : 0));
    }

    static void load(input_archive& ar, T& value) {
        const auto byte = ar.get_number<std::uint8_t>();
        if (byte > 1) [[unlikely]] throw_bad_message();
        value = byte == 1;
    }
};

// A long double is mostly padding: ten bytes of sixteen on x86.
template <class T>
inline constexpr std::size_t number_bytes = sizeof(T);
template <>
inline constexpr std::size_t number_bytes<long double> =
    std::numeric_limits<long double>::digits == 64 ? 10 : sizeof(long double);

template <class T>
constexpr std::string_view number_tag() {
    if (std::is_floating_point_v<T>) return "float";
    return T(-1) < T(0) ? "int" : "uint";
}

template <class T>
struct coder_for<T, kind::number> {
    using parts = types<>;
    static constexpr std::string_view tag = number_tag<T>();
    static constexpr std::array<std::uint64_t, 1> details{number_bytes<T>};
    static constexpr std::size_t min_bytes() { return number_bytes<T>; }

    static void save(output_archive& ar, T value) {
        if constexpr (number_bytes<T> == sizeof(T)) {
            ar.put_number(value);
        } else {
            ar.save_binary(&value, number_bytes<T>);
        }
    }

    static void load(input_archive& ar, T& value) {
        if constexpr (number_bytes<T> == sizeof(T)) {
            ar.get_number(value);
        } else {
            value = T();
            ar.load_binary(&value, number_bytes<T>);
        }
    }
};

template <class T>
struct coder_for<T, kind::enumeration> {
    using underlying = std::underlying_type_t<T>;
    using parts = types<underlying>;
    static constexpr std::string_view tag = "enum";
    static constexpr std::size_t min_bytes() { return min_bytes_of<underlying>(); }

    static void save(output_archive& ar, T value) {
        coder<underlying>::save(ar, static_cast<underlying>(value));
    }

    static void load(input_archive& ar, T& value) {
        underlying raw{};
        coder<underlying>::load(ar, raw);
        value = static_cast<T>(raw);
    }
};

}  // namespace strait::detail

#endif
