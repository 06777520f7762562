//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BOOST_ARCHIVE_HPP
#define STRAIT_BOOST_ARCHIVE_HPP

#include <strait/codec.hpp>
#include <strait/detail/codec/byte_streambuf.hpp>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/serialization.hpp>

/// @file
/// Values in Boost.Serialization's own binary archive, for the types that opt in by
/// `use_boost_archive`. With it come shared, cyclic and polymorphic pointers, also those of other
/// Boost headers. Handles and ends in such a value travel as in any other.
///
/// Only for peers that you trust: Boost's archive allocates what the bytes ask for and follows
/// what they say about pointers, so that a hostile message can crash the receiver. None of the
/// limits on nesting and expansion apply. Needs Boost's compiled serialization library.

namespace strait::detail {

// Reached by a serialize function inside Boost's archive as the archive's helper.
struct attachment_helper {
    attachment_writer* writer = nullptr;
    attachment_reader* reader = nullptr;
    const void* context = nullptr;
};

// Its address identifies the helper.
inline char attachment_helper_id = 0;

// What a single end writes into the archive is some few numbers.
inline constexpr std::uint32_t max_end_bytes = 4096;

template <class Archive, class T>
void serialize_attachment(Archive& ar, T& value) {
    auto& helper = ar.template get_helper<attachment_helper>(&attachment_helper_id);
    if constexpr (Archive::is_saving::value) {
        byte_buffer bytes;
        output_archive one(bytes, helper.writer);
        coder<T>::save(one, value);
        const auto n = static_cast<std::uint32_t>(bytes.size());
        ar << n;
        ar.save_binary(bytes.data(), n);
    } else {
        std::uint32_t n = 0;
        ar >> n;
        if (n > max_end_bytes) throw_bad_message();
        byte_buffer bytes;
        ar.load_binary(bytes.extend(n), n);
        input_archive one(bytes.bytes(), helper.reader);
        one.set_context(helper.context);
        coder<T>::load(one, value);
        one.finish();
    }
}

template <class T>
struct boost_archive_coder {
    static constexpr unsigned flags = boost::archive::no_header | boost::archive::no_codecvt;

    static void save(output_archive& ar, const T& v) {
        byte_buffer bytes;
        appending_streambuf stream(bytes);
        {
            boost::archive::binary_oarchive inner(stream, flags);
            inner.get_helper<attachment_helper>(&attachment_helper_id).writer =
                ar.attachments_if_any();
            inner << v;
        }
        ar.put_length(bytes.size());
        ar.save_binary(bytes.data(), bytes.size());
    }

    static void load(input_archive& ar, T& v) {
        const std::size_t n = ar.get_length(1);
        reading_streambuf stream({ar.take(n), n});
        boost::archive::binary_iarchive inner(stream, flags);
        auto& helper = inner.get_helper<attachment_helper>(&attachment_helper_id);
        helper.reader = ar.attachments_if_any();
        helper.context = ar.context();
        inner >> v;
        if (!stream.consumed()) throw_bad_message();
    }
};

}  // namespace strait::detail

namespace boost::serialization {

// Handles and ends inside one of Boost's archives.
template <class Archive, class T>
    requires strait::detail::travels<T>
void serialize(Archive& ar, T& value, const unsigned) {
    strait::detail::serialize_attachment(ar, value);
}

}  // namespace boost::serialization

#endif
