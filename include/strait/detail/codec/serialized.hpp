//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_SERIALIZED_HPP
#define STRAIT_DETAIL_CODEC_SERIALIZED_HPP

#include <strait/detail/codec/sequence.hpp>

// What base_object of a polymorphic class refers to, and Boost's archives include.
#include <boost/serialization/extended_type_info_typeid.hpp>
#include <boost/serialization/void_cast.hpp>

// Types with a Boost.Serialization function: a byte for the class version, then what the function
// writes.

namespace strait::detail {

template <class T>
struct coder_for<T, kind::serialized> {
    using parts = types<>;
    static constexpr std::string_view tag = "serialize";
    static constexpr unsigned version = class_version<T>();
    static_assert(version < 256, "strait: a class version is at most 255");

    static constexpr std::size_t min_bytes() { return has_class_info<T>() ? 1 : 0; }

    static void save(output_archive& ar, const T& v) {
        if constexpr (has_class_info<T>()) ar.put_number(static_cast<std::uint8_t>(version));
        const nesting inner(ar);
        // As Boost has it: the function serves both directions and takes what is not const.
        call(ar, const_cast<T&>(v), version);
    }

    static void load(input_archive& ar, T& v) {
        unsigned found = 0;
        if constexpr (has_class_info<T>()) found = ar.get_number<std::uint8_t>();
        if (found > version) [[unlikely]] throw_newer_class_version();
        const nesting inner(ar);
        call(ar, v, found);
    }

private:
    template <class Archive>
    static void call(Archive& ar, T& v, unsigned file_version) {
        if constexpr (has_free_serialize<T>) {
            free_functions::call_serialize(ar, v, file_version);
        } else {
            boost::serialization::access::serialize(ar, v, file_version);
        }
    }
};

template <class T>
struct coder_for<T, kind::named_value> {
    using parts = types<>;
    static constexpr std::string_view tag = "";
    static constexpr std::size_t min_bytes() { return 0; }
    static void save(output_archive& ar, const T& v) { ar << v.const_value(); }
    static void load(input_archive& ar, T& v) { ar >> v.value(); }
};

template <class T>
struct coder_for<T, kind::array_view> {
    using parts = types<>;
    static constexpr std::string_view tag = "";
    static constexpr std::size_t min_bytes() { return 0; }

    static void save(output_archive& ar, const T& v) { save_each(ar, v.address(), v.count()); }
    static void load(input_archive& ar, T& v) { load_each(ar, v.address(), v.count()); }

private:
    template <class E>
    static void save_each(output_archive& ar, E* from, std::size_t n) {
        save_array<std::remove_cv_t<E>>(ar, from, n);
    }

    template <class E>
    static void load_each(input_archive& ar, E* to, std::size_t n) {
        load_array<E>(ar, to, n);
    }
};

// What Boost's own headers for containers write before the elements. They allocate for as many as
// are announced, or for as many buckets: so the count is charged, at 16 bytes each. That bounds
// elements of up to 16 bytes, and is what the default of `limits::max_expansion` lets elements of
// one byte have.
template <class T>
struct coder_for<T, kind::boost_count> {
    using parts = types<>;
    static constexpr std::string_view tag = "";
    static constexpr std::size_t min_bytes() { return 4; }

    static void save(output_archive& ar, const T& v) {
        ar.put_length(v);
        ar.charge(v * charge_each);
    }

    static void load(input_archive& ar, T& v) {
        const auto n = ar.get_number<std::uint32_t>();
        ar.charge(n * charge_each);
        if constexpr (sizeof(T) < sizeof n) {
            if (n > 255) throw_bad_message();
        }
        v = T(n);
    }

private:
    // The other kind of T is a version.
    static constexpr std::uint64_t charge_each =
        std::is_same_v<T, boost::serialization::collection_size_type> ? 16 : 0;
};

}  // namespace strait::detail

#endif
