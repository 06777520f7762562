//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_BYTE_STREAMBUF_HPP
#define STRAIT_DETAIL_CODEC_BYTE_STREAMBUF_HPP

#include <strait/detail/byte_buffer.hpp>

#include <cstddef>
#include <span>
#include <streambuf>

// The stream buffers that Boost's archives want, over our own memory.

namespace strait::detail {

class appending_streambuf final : public std::streambuf {
public:
    explicit appending_streambuf(byte_buffer& out) : out_(out) {}

private:
    int_type overflow(int_type c) override {
        if (!traits_type::eq_int_type(c, traits_type::eof())) {
            const char one = traits_type::to_char_type(c);
            out_.append(&one, 1);
        }
        return traits_type::not_eof(c);
    }

    std::streamsize xsputn(const char* from, std::streamsize n) override {
        out_.append(from, static_cast<std::size_t>(n));
        return n;
    }

    byte_buffer& out_;
};

class reading_streambuf final : public std::streambuf {
public:
    // The get area is never written to, though its type allows it.
    explicit reading_streambuf(std::span<const std::byte> from) {
        char* begin = const_cast<char*>(reinterpret_cast<const char*>(from.data()));
        setg(begin, begin, begin + from.size());
    }

    bool consumed() const { return gptr() == egptr(); }
};

}  // namespace strait::detail

#endif
