//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_UNIT_CODEC_TOOLS_HPP
#define STRAIT_TEST_UNIT_CODEC_TOOLS_HPP

#include <strait/codec.hpp>

#include <boost/test/unit_test.hpp>

#include <vector>

namespace codec_test {

using bytes = std::vector<unsigned char>;

template <class T>
bytes encoded(const T& value, const strait::limits& bounds = {}) {
    strait::detail::byte_buffer out;
    strait::output_archive ar(out, nullptr, bounds);
    strait::encode(value, ar);
    const auto* begin = reinterpret_cast<const unsigned char*>(out.data());
    return bytes(begin, begin + out.size());
}

template <class T>
T decoded(const bytes& message, const strait::limits& bounds = {}) {
    strait::input_archive ar(std::as_bytes(std::span(message)), nullptr, bounds);
    T value = strait::make_value<T>();
    strait::decode(ar, value);
    return value;
}

template <class T>
T round_trip(const T& value) {
    return decoded<T>(encoded(value));
}

// Boost.Test prints codes and not our enumerators.
inline strait::error_code code(strait::error e) {
    return e;
}

// The code that f fails with, or success.
template <class F>
strait::error_code code_of(F f) {
    try {
        f();
        return {};
    } catch (...) {
        return strait::current_exception_code();
    }
}

template <class T>
strait::error_code decode_error(const bytes& message, const strait::limits& bounds = {}) {
    return code_of([&] { (void)decoded<T>(message, bounds); });
}

}  // namespace codec_test

// Types without operator<< are compared as well.
#define STRAIT_CHECK_ROUND_TRIP(...) \
    BOOST_CHECK((codec_test::round_trip(__VA_ARGS__)) == (__VA_ARGS__))

#endif
