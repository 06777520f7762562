//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_CHOICE_HPP
#define STRAIT_DETAIL_CODEC_CHOICE_HPP

#include <strait/detail/codec/element.hpp>
#include <strait/detail/codec/scalar.hpp>

// Something or nothing, and one of several: a byte that says which, then the value.

namespace strait::detail {

template <class T>
struct coder_for<T, kind::optional> {
    using element = typename T::value_type;
    using parts = types<element>;
    static constexpr std::string_view tag = "optional";
    static constexpr std::size_t min_bytes() { return 1; }

    static void save(output_archive& ar, const T& v) {
        coder<bool>::save(ar, v.has_value());
        if (!v.has_value()) return;
        const nesting inner(ar);
        save_element<element>(ar, *v);
    }

    static void load(input_archive& ar, T& v) {
        v.reset();
        bool present = false;
        coder<bool>::load(ar, present);
        if (!present) return;
        const nesting inner(ar);
        if constexpr (made_in_place<element>) {
            coder<element>::load(ar, v.emplace());
        } else {
            v.emplace(load_element<element>(ar));
        }
    }
};

template <class T>
struct coder_for<T, kind::unique_ptr> {
    using element = typename T::element_type;
    using parts = types<element>;
    static constexpr std::string_view tag = "optional";
    static constexpr std::size_t min_bytes() { return 1; }

    static void save(output_archive& ar, const T& v) {
        coder<bool>::save(ar, v != nullptr);
        if (v == nullptr) return;
        const nesting inner(ar);
        ar.charge(sizeof(element));
        save_element<element>(ar, *v);
    }

    static void load(input_archive& ar, T& v) {
        v.reset();
        bool present = false;
        coder<bool>::load(ar, present);
        if (!present) return;
        const nesting inner(ar);
        ar.charge(sizeof(element));
        if constexpr (made_in_place<element>) {
            v = std::make_unique<element>();
            coder<element>::load(ar, *v);
        } else {
            v = std::make_unique<element>(load_element<element>(ar));
        }
    }
};

template <class T>
struct coder_for<T, kind::variant>;

template <template <class...> class V, class... Ts>
struct coder_for<V<Ts...>, kind::variant> {
    using variant = V<Ts...>;
    using parts = types<Ts...>;
    static constexpr std::string_view tag = "variant";
    static constexpr std::size_t min_bytes() { return 1; }

    static void save(output_archive& ar, const variant& v) {
        if (v.valueless_by_exception()) throw_value_without_state();
        ar.put_number(static_cast<std::uint8_t>(v.index()));
        const nesting inner(ar);
        save_one(ar, v, std::index_sequence_for<Ts...>{});
    }

    static void load(input_archive& ar, variant& v) {
        const std::size_t index = ar.get_number<std::uint8_t>();
        const nesting inner(ar);
        if (!load_one(ar, v, index, std::index_sequence_for<Ts...>{})) throw_bad_message();
    }

private:
    template <std::size_t... I>
    static void save_one(output_archive& ar, const variant& v, std::index_sequence<I...>) {
        
        (void)((v.index() == I && (save_element<Ts>(ar, *get_if<I>(&v)), true)) || ...);
    }

    template <std::size_t... I>
    static bool load_one(
        input_archive& ar, variant& v, std::size_t index, std::index_sequence<I...>) {
        return ((index == I && (load_as<I, Ts>(ar, v), true)) || ...);
    }

    template <std::size_t I, class Element>
    static void load_as(input_archive& ar, variant& v) {
        if constexpr (made_in_place<Element>) {
            coder<Element>::load(ar, v.template emplace<I>());
        } else {
            v.template emplace<I>(load_element<Element>(ar));
        }
    }
};

}  // namespace strait::detail

#endif
