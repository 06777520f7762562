//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_SERIALIZE_TRAITS_HPP
#define STRAIT_DETAIL_CODEC_SERIALIZE_TRAITS_HPP

#include <boost/serialization/access.hpp>

#include <concepts>
#include <type_traits>

// Declared and not included: a user whose types need one of these has included its header.
namespace boost::serialization {
template <class T>
class nvp;
template <class T>
class array_wrapper;
template <class T>
struct version;
template <class T>
struct implementation_level;
class collection_size_type;
class item_version_type;
}  // namespace boost::serialization

namespace strait {

class output_archive;
class input_archive;

namespace detail {

// The version argument of a call to a free serialize function: an unsigned int whose template
// argument makes boost::serialization a namespace in which the function is looked for.
template <class...>
struct version_argument {
    unsigned value = 0;
    constexpr operator unsigned() const noexcept { return value; }
};

// A free function that takes T by name is detected by a call for which two catch-all templates
// compete as well: they are ambiguous with one another, and with Boost's own catch-all, so only
// something more specialised makes the call valid.
namespace catch_all_a {
struct tag;
template <class Archive, class T>
void serialize(Archive&, T&, const unsigned);
template <class Archive, class T>
void load_construct_data(Archive&, T*, const unsigned);
}  // namespace catch_all_a

namespace catch_all_b {
struct tag;
template <class Archive, class T>
void serialize(Archive&, T&, const unsigned);
template <class Archive, class T>
void load_construct_data(Archive&, T*, const unsigned);
}  // namespace catch_all_b

using probe_version =
    version_argument<boost::serialization::access, catch_all_a::tag, catch_all_b::tag>;
using call_version = version_argument<boost::serialization::access>;

namespace free_functions {

// Only functions found through the arguments' namespaces count.
void serialize() = delete;
void save_construct_data() = delete;
void load_construct_data() = delete;

template <class T>
concept has_serialize =
    requires(output_archive& ar, T& t, probe_version v) { serialize(ar, t, v); };

template <class T>
concept has_construct_data =
    requires(input_archive& ar, T* t, probe_version v) { load_construct_data(ar, t, v); };

template <class Archive, class T>
void call_serialize(Archive& ar, T& t, unsigned version) {
    serialize(ar, t, call_version{version});
}

template <class T>
void call_save_construct_data(output_archive& ar, const T* t, unsigned version) {
    save_construct_data(ar, t, call_version{version});
}

template <class T>
void call_load_construct_data(input_archive& ar, T* t, unsigned version) {
    load_construct_data(ar, t, call_version{version});
}

}  // namespace free_functions

// A member of that name, of any access, is found by making the name ambiguous in a derived class.
struct name_serialize {
    int serialize;
};

template <class T>
struct ambiguous_serialize : T, name_serialize {};

template <class T>
concept names_serialize = std::is_class_v<T> && !std::is_final_v<T> &&
                          !requires { &ambiguous_serialize<T>::serialize; };

template <class T>
concept callable_serialize = requires(T& t, output_archive& ar) { t.serialize(ar, 0u); };

// A public function of that name that takes no archive is something else; what cannot be seen from
// here is taken for one that boost::serialization::access can.
template <class T>
concept has_member_serialize =
    std::is_class_v<T> &&
    (callable_serialize<T> || (names_serialize<T> && !requires { &T::serialize; }));

template <class T>
concept has_free_serialize = std::is_class_v<T> && free_functions::has_serialize<T>;

// What BOOST_CLASS_VERSION says.
template <class T>
constexpr unsigned class_version() {
    if constexpr (requires { boost::serialization::version<T>::value; }) {
        return static_cast<unsigned>(boost::serialization::version<T>::value);
    } else {
        return 0;
    }
}

// Whether the version is on the wire: not for classes whose BOOST_CLASS_IMPLEMENTATION says that
// they will never have one.
template <class T>
constexpr bool has_class_info() {
    if constexpr (requires { boost::serialization::implementation_level<T>::value; }) {
        return static_cast<int>(boost::serialization::implementation_level<T>::value) >= 3;
    } else {
        return true;
    }
}

}  // namespace detail
}  // namespace strait

#endif
