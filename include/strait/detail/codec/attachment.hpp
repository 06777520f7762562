//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_ATTACHMENT_HPP
#define STRAIT_DETAIL_CODEC_ATTACHMENT_HPP

#include <strait/detail/codec/coder.hpp>
#include <strait/handle.hpp>

// What travels beside the bytes: an index into the attachments of the message stands for it.

namespace strait::detail {

template <>
struct end_traits<handle> {
    static constexpr std::string_view kind = "handle";
    using value_type = void;
};

// Ends befriend this: it calls their private strait_save(output_archive&) const and
// strait_load(input_archive&).
struct end_access {
    template <class End>
    static void save(const End& end, output_archive& ar) {
        end.strait_save(ar);
    }

    template <class End>
    static void load(End& end, input_archive& ar) {
        end.strait_load(ar);
    }

    template <class End, class... Args>
    static End make(Args&&... args) {
        return End(std::forward<Args>(args)...);
    }
};

STRAIT_DECL void save_handle(output_archive& ar, const handle& h);
STRAIT_DECL void load_handle(input_archive& ar, handle& h);

// Sent as it is if it is given up and lies where the message goes, else copied.
STRAIT_DECL void save_payload(output_archive& ar, std::shared_ptr<payload>& owner,
    std::span<const std::byte> bytes);
STRAIT_DECL payload_part load_payload(input_archive& ar);

template <class T>
struct coder_for<T, kind::attachment> {
    using parts = types<>;
    static constexpr std::string_view tag = end_traits<T>::kind;
    static constexpr std::size_t min_bytes() { return 4; }

    static void save(output_archive& ar, const T& v) {
        if constexpr (std::is_same_v<T, handle>) {
            save_handle(ar, v);
        } else {
            end_access::save(v, ar);
        }
    }

    static void load(input_archive& ar, T& v) {
        if constexpr (std::is_same_v<T, handle>) {
            load_handle(ar, v);
        } else {
            end_access::load(v, ar);
        }
    }
};

template <class T>
struct coder_for<T, kind::boost_archive> {
    using parts = types<>;
    static constexpr std::string_view tag = "boost archive";
    static constexpr std::size_t min_bytes() { return 4; }

    static void save(output_archive& ar, const T& v) { boost_archive_coder<T>::save(ar, v); }
    static void load(input_archive& ar, T& v) { boost_archive_coder<T>::load(ar, v); }
};

}  // namespace strait::detail

#endif
