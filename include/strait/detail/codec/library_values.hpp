//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_LIBRARY_VALUES_HPP
#define STRAIT_DETAIL_CODEC_LIBRARY_VALUES_HPP

#include <strait/detail/codec/charges.hpp>
#include <strait/detail/codec/coder.hpp>

// Values of the standard library that are neither containers nor sums nor products.

namespace strait::detail {

template <class T>
struct coder_for<T, kind::complex> {
    using number = typename T::value_type;
    using parts = types<number>;
    static constexpr std::string_view tag = "complex";
    static constexpr std::size_t min_bytes() { return 2 * min_bytes_of<number>(); }

    static void save(output_archive& ar, const T& v) {
        coder<number>::save(ar, v.real());
        coder<number>::save(ar, v.imag());
    }

    static void load(input_archive& ar, T& v) {
        number real{};
        number imag{};
        coder<number>::load(ar, real);
        coder<number>::load(ar, imag);
        v = T(real, imag);
    }
};

template <class T>
struct coder_for<T, kind::duration> {
    using rep = typename T::rep;
    using parts = types<rep>;
    static constexpr std::string_view tag = "duration";
    static constexpr std::array<std::uint64_t, 2> details{T::period::num, T::period::den};
    static constexpr std::size_t min_bytes() { return min_bytes_of<rep>(); }
    static void save(output_archive& ar, const T& v) { coder<rep>::save(ar, v.count()); }

    static void load(input_archive& ar, T& v) {
        rep count{};
        coder<rep>::load(ar, count);
        v = T(count);
    }
};

// A steady clock means the same in all processes of one machine.
template <class T>
struct coder_for<T, kind::time_point> {
    using duration = typename T::duration;
    using parts = types<duration>;
    static constexpr std::string_view tag = "time_point";
    static constexpr std::array<std::uint64_t, 1> details{T::clock::is_steady ? 1 : 0};
    static constexpr std::size_t min_bytes() { return min_bytes_of<duration>(); }

    static void save(output_archive& ar, const T& v) {
        coder<duration>::save(ar, v.time_since_epoch());
    }

    static void load(input_archive& ar, T& v) {
        duration since{};
        coder<duration>::load(ar, since);
        v = T(since);
    }
};

template <class T>
struct coder_for<T, kind::path> {
    using text = typename T::string_type;
    using parts = types<text>;
    static constexpr std::string_view tag = "path";
    static constexpr std::size_t min_bytes() { return min_bytes_of<text>(); }

    static void save(output_archive& ar, const T& v) {
        coder<text>::save(ar, v.native());
        charge(ar, v.native());
    }

    static void load(input_archive& ar, T& v) {
        text native;
        coder<text>::load(ar, native);
        charge(ar, native);
        v = T(std::move(native));
    }

private:
    // The text is paid for already.
    template <class Archive>
    static void charge(Archive& ar, const text& native) {
        ar.charge(path_charge(native, T::preferred_separator));
    }
};

// An error code goes by its value and the name of its category.
STRAIT_DECL void save_code(output_archive& ar, int value, const char* category);
STRAIT_DECL void load_code(input_archive& ar, boost::system::error_code& ec);
STRAIT_DECL void load_code(input_archive& ar, std::error_code& ec);

template <class T>
struct coder_for<T, kind::error_code> {
    using parts = types<>;
    static constexpr std::string_view tag = "error_code";
    static constexpr std::size_t min_bytes() { return 5; }

    static void save(output_archive& ar, const T& ec) {
        save_code(ar, ec.value(), ec.category().name());
    }

    static void load(input_archive& ar, T& ec) { load_code(ar, ec); }
};

}  // namespace strait::detail

#endif
