//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_KIND_HPP
#define STRAIT_DETAIL_CODEC_KIND_HPP

#include <strait/detail/codec/aggregate.hpp>
#include <strait/detail/codec/serialize_traits.hpp>
#include <strait/detail/codec/shapes.hpp>
#include <strait/error.hpp>

#include <string_view>
#include <system_error>

namespace strait {

class handle;

/// Opts `T` into the stock binary archive of Boost.Serialization, for types with shared, cyclic or
/// polymorphic pointers: specialise it to derive from `std::true_type` and include
/// `strait/boost_archive.hpp`. Boost's archive is not safe against hostile bytes: only for peers
/// that you trust as you trust your own memory.
template <class T>
struct use_boost_archive : std::false_type {};

namespace detail {

// Defined by strait/boost_archive.hpp.
template <class T>
struct boost_archive_coder;

// Specialised for what travels beside the bytes: a member `kind` that names it, and `value_type`,
// the type that passes through the end, or void.
template <class T>
struct end_traits;

template <class T>
concept travels = requires {
    { std::string_view(end_traits<T>::kind) };
    typename end_traits<T>::value_type;
};

// How a type is coded, or why it is not.
enum class kind {
    boolean,
    number,
    enumeration,
    c_array,
    attachment,
    boost_archive,
    bools,
    sequence,
    forward_list,
    adaptor,
    set,
    map,
    optional,
    variant,
    unique_ptr,
    array,
    tuple,
    bits,
    complex,
    duration,
    time_point,
    path,
    error_code,
    named_value,
    array_view,
    boost_count,
    serialized,
    described,
    aggregate,
    // From here on: refused, and why.
    refused,
    pointer = refused,
    shared_pointer,
    reference,
    view,
    function,
    union_type,
    constant,
    base_class,
    too_many_members,
    not_constructible,
    polymorphic_pointee,
    custom_deleter,
    too_many_alternatives,
    no_boost_archive,
    unknown,
};

#if defined(__SIZEOF_INT128__)
__extension__ using int128 = __int128;
__extension__ using uint128 = unsigned __int128;

template <class T>
concept wide_integer = std::is_same_v<T, int128> || std::is_same_v<T, uint128>;
#else
template <class T>
concept wide_integer = false;
#endif

template <class T>
concept integer =
    (std::is_integral_v<T> && !std::is_same_v<std::remove_cv_t<T>, bool>) || wide_integer<T>;

template <class T>
inline constexpr bool is_named_value = false;
template <class T>
inline constexpr bool is_named_value<boost::serialization::nvp<T>> = true;

template <class T>
inline constexpr bool is_array_view = false;
template <class T>
inline constexpr bool is_array_view<boost::serialization::array_wrapper<T>> = true;

template <class T>
inline constexpr bool is_boost_count =
    std::is_same_v<T, boost::serialization::collection_size_type> ||
    std::is_same_v<T, boost::serialization::item_version_type>;

// What BOOST_DESCRIBE_CLASS and BOOST_DESCRIBE_STRUCT leave to be found.
template <class T>
concept has_description = std::is_class_v<T> && requires(T** p) {
    boost_base_descriptor_fn(p);
    boost_public_member_descriptor_fn(p);
    boost_private_member_descriptor_fn(p);
};

template <class T>
inline constexpr bool is_default_delete = false;
template <class T>
inline constexpr bool is_default_delete<std::default_delete<T>> = !std::is_array_v<T>;

template <class V>
inline constexpr std::size_t alternatives = 0;
template <template <class...> class V, class... Ts>
inline constexpr std::size_t alternatives<V<Ts...>> = sizeof...(Ts);

template <class T>
constexpr kind kind_of_pointer() {
    if constexpr (!is_default_delete<typename T::deleter_type>) {
        return kind::custom_deleter;
    } else if constexpr (std::is_polymorphic_v<typename T::element_type> &&
                         !std::is_final_v<typename T::element_type>) {
        return kind::polymorphic_pointee;
    } else {
        return kind::unique_ptr;
    }
}

// One of the library's types, or kind::unknown. Order matters where shapes overlap.
template <class T>
constexpr kind kind_of_library_type() {
    if constexpr (shape::vector_of_bool<T>) return kind::bools;
    else if constexpr (shape::sequence<T>) return kind::sequence;
    else if constexpr (shape::forward_list<T>) return kind::forward_list;
    else if constexpr (shape::adaptor<T>) return kind::adaptor;
    else if constexpr (shape::map<T>) return kind::map;
    else if constexpr (shape::associative<T>) return kind::set;
    else if constexpr (shape::optional<T>) return kind::optional;
    else if constexpr (shape::variant<T>)
        return alternatives<T> <= 255 ? kind::variant : kind::too_many_alternatives;
    else if constexpr (shape::unique_ptr<T>) return kind_of_pointer<T>();
    else if constexpr (shape::array<T>) return kind::array;
    else if constexpr (shape::tuple<T>) return kind::tuple;
    else if constexpr (shape::bits<T>) return kind::bits;
    else if constexpr (shape::complex<T>) return kind::complex;
    else if constexpr (shape::duration<T>) return kind::duration;
    else if constexpr (shape::time_point<T>) return kind::time_point;
    else if constexpr (shape::path<T>) return kind::path;
    else if constexpr (shape::view<T>) return kind::view;
    else if constexpr (shape::function<T>) return kind::function;
    else if constexpr (shape::reference_wrapper<T>) return kind::reference;
    else return kind::unknown;
}

template <class T>
constexpr kind kind_of_aggregate() {
    if constexpr (!requires { T{}; }) return kind::not_constructible;
    else if constexpr (has_base<T>) return kind::base_class;
    else if constexpr (member_count<T>() > max_members) return kind::too_many_members;
    else if constexpr (takes_more<T, member_count<T>()>) return kind::not_constructible;
    else return kind::aggregate;
}

template <class T>
constexpr kind kind_of_class() {
    if constexpr (travels<T>) return kind::attachment;
    else if constexpr (use_boost_archive<T>::value)
        return requires { sizeof(boost_archive_coder<T>); } ? kind::boost_archive
                                                            : kind::no_boost_archive;
    else if constexpr (is_named_value<T>) return kind::named_value;
    else if constexpr (is_array_view<T>) return kind::array_view;
    else if constexpr (is_boost_count<T>) return kind::boost_count;
    else if constexpr (std::is_same_v<T, boost::system::error_code>) return kind::error_code;
    else if constexpr (std::is_same_v<T, std::error_code>) return kind::error_code;
    else if constexpr (shape::shared_pointer<T>) return kind::shared_pointer;
    // The library's types come before serialize, so that what a type looks like on the wire does
    // not depend on whether a header of Boost.Serialization was included.
    else if constexpr (kind_of_library_type<T>() != kind::unknown) return kind_of_library_type<T>();
    else if constexpr (has_free_serialize<T> || has_member_serialize<T>) return kind::serialized;
    else if constexpr (has_description<T>) return kind::described;
    else if constexpr (std::is_aggregate_v<T>) return kind_of_aggregate<T>();
    else return kind::unknown;
}

template <class T>
constexpr kind kind_of() {
    if constexpr (std::is_reference_v<T>) return kind::reference;
    else if constexpr (std::is_const_v<T>) return kind::constant;
    else if constexpr (std::is_volatile_v<T>) return kind::unknown;
    else if constexpr (std::is_same_v<T, bool>) return kind::boolean;
    else if constexpr (integer<T> || std::is_floating_point_v<T>) return kind::number;
    else if constexpr (std::is_enum_v<T>) return kind::enumeration;
    else if constexpr (std::is_function_v<T>) return kind::function;
    else if constexpr (std::is_pointer_v<T> && std::is_function_v<std::remove_pointer_t<T>>)
        return kind::function;
    else if constexpr (std::is_pointer_v<T>) return kind::pointer;
    else if constexpr (std::is_member_pointer_v<T>) return kind::pointer;
    else if constexpr (std::is_bounded_array_v<T>) return kind::c_array;
    else if constexpr (std::is_union_v<T>) return kind::union_type;
    else if constexpr (std::is_class_v<T>) return kind_of_class<T>();
    else return kind::unknown;
}

}  // namespace detail
}  // namespace strait

#endif
