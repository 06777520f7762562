//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_ELEMENT_HPP
#define STRAIT_DETAIL_CODEC_ELEMENT_HPP

#include <strait/detail/codec/coder.hpp>

// Elements of containers, and what pointers point to: values that decoding has to bring into
// being.

namespace strait::detail {

template <class T>
concept constructs_from_archive = std::is_class_v<T> && kind_of<T>() == kind::serialized &&
                                  free_functions::has_construct_data<T>;

template <class T>
void save_element(output_archive& ar, const T& value) {
    if constexpr (constructs_from_archive<T>) {
        constexpr unsigned version = class_version<T>();
        ar.put_number(static_cast<std::uint8_t>(version));
        free_functions::call_save_construct_data(ar, &value, version);
    }
    coder<T>::save(ar, value);
}

// Makes an object by the user's load_construct_data.
template <class T>
T construct_from_archive(input_archive& ar) {
    const unsigned version = ar.get_number<std::uint8_t>();
    if (version > class_version<T>()) throw_newer_class_version();
    union slot {
        slot() {}
        ~slot() {}
        T value;
    } made;
    free_functions::call_load_construct_data(ar, &made.value, version);
    struct end_of_life {
        T& value;
        ~end_of_life() { value.~T(); }
    } guard{made.value};
    return T(std::move(made.value));
}

template <class T>
T make_element(input_archive& ar) {
    if constexpr (constructs_from_archive<T>) {
        return construct_from_archive<T>(ar);
    } else {
        return make_value_of<T>();
    }
}

// Whether a container can make the element itself.
template <class T>
inline constexpr bool made_in_place =
    std::is_default_constructible_v<T> && !constructs_from_archive<T>;

template <class T>
T load_element(input_archive& ar) {
    T value = make_element<T>(ar);
    coder<T>::load(ar, value);
    return value;
}

}  // namespace strait::detail

#endif
