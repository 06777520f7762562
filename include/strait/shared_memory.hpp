//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_SHARED_MEMORY_HPP
#define STRAIT_SHARED_MEMORY_HPP

#include <strait/detail/config.hpp>
#include <strait/error.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace strait {

class output_archive;
class input_archive;

/// What may be seen in shared memory: its bytes are all there is to it. A pointer means nothing in
/// another process, and a type with pointers in it is the user's to avoid.
template <class T>
concept shareable = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T> &&
                    !std::is_member_pointer_v<T> && !std::is_const_v<T> && !std::is_volatile_v<T>;

namespace detail {

class region;
class region_builder;
struct end_access;

template <class T>
struct end_traits;

// A part of some memory, and what keeps the memory. Moved from, it is no part of anything.
template <class Owner, class Byte>
struct memory_part {
    std::shared_ptr<Owner> owner;
    Byte* data = nullptr;
    std::size_t bytes = 0;

    memory_part() noexcept = default;
    memory_part(std::shared_ptr<Owner> o, std::span<Byte> s) noexcept
        : owner(std::move(o)), data(s.data()), bytes(s.size()) {}
    memory_part(const memory_part&) noexcept = default;
    memory_part& operator=(const memory_part&) noexcept = default;
    memory_part(memory_part&& other) noexcept
        : owner(std::move(other.owner)),
          data(std::exchange(other.data, nullptr)),
          bytes(std::exchange(other.bytes, 0)) {}
    memory_part& operator=(memory_part&& other) noexcept {
        owner = std::move(other.owner);
        data = std::exchange(other.data, nullptr);
        bytes = std::exchange(other.bytes, 0);
        return *this;
    }
    ~memory_part() = default;

    std::span<Byte> span() const noexcept { return {data, bytes}; }
};

STRAIT_DECL error_code check_view(
    const void* data, std::size_t bytes, std::size_t alignment, std::size_t object_bytes) noexcept;

[[noreturn]] STRAIT_DECL void throw_memory_error(const error_code& ec, const char* what);

// The memory as objects of T.
template <class T, class Byte>
std::span<T> view_as(std::span<Byte> memory, error_code& ec) noexcept {
    ec = check_view(memory.data(), memory.size(), alignof(T), sizeof(T));
    if (ec || memory.empty()) return {};
    return {reinterpret_cast<T*>(memory.data()), memory.size() / sizeof(T)};
}

template <class T, class Byte>
std::span<T> view_as(std::span<Byte> memory) {
    error_code ec;
    const std::span<T> view = view_as<T>(memory, ec);
    if (ec) throw_memory_error(ec, "shared memory as objects");
    return view;
}

}  // namespace detail

/// Bytes that belong to this object alone and can be written: what `shared_memory::take` gives.
///
/// *Ownership*: movable, not copyable; a moved-from object has no bytes.
///
/// *Thread safety*: distinct objects are safe, a shared object is as safe as an array.
class private_memory {
public:
    /// Constructs zero bytes.
    private_memory() noexcept = default;

    private_memory(private_memory&&) noexcept = default;
    private_memory& operator=(private_memory&&) noexcept = default;

    std::byte* data() noexcept { return part_.data; }
    const std::byte* data() const noexcept { return part_.data; }
    std::size_t size_bytes() const noexcept { return part_.bytes; }
    bool empty() const noexcept { return part_.bytes == 0; }
    std::span<std::byte> bytes() noexcept { return part_.span(); }
    std::span<const std::byte> bytes() const noexcept { return part_.span(); }

    /// The bytes as objects of `T`, under the conditions of `shared_memory::as`.
    template <shareable T>
    std::span<T> as(error_code& ec) noexcept {
        return detail::view_as<T>(part_.span(), ec);
    }
    template <shareable T>
    std::span<T> as() {
        return detail::view_as<T>(part_.span());
    }

private:
    friend class shared_memory;

    detail::memory_part<void, std::byte> part_;
};

/// Read-only memory that several processes see without copying it; a member of messages, of any
/// size that memory has room for, whatever `limits::max_message_bytes` is.
///
/// The memory, called a region, has no name anywhere, and is gone with the last process that holds
/// it or has it in an unread message, however these end. It never changes: it is filled when it is
/// made, by one of the functions here or by a `shared_memory_builder`, and cannot be written
/// afterwards. All of it is allocated then, so that no use of it ever raises a signal.
///
/// A copy of a `shared_memory`, and a `slice`, refers to the same region. Sent in a message, each
/// region costs one handle, however often it or parts of it occur there. A region costs one
/// descriptor and one mapping in every process that has it. Zero bytes are no region and cost
/// nothing.
///
/// *From a peer*. Decoding a message verifies every region before it is mapped: that it is memory,
/// of exactly the size announced, all of it allocated, and sealed by the system against every
/// change. Whatever else was sent costs the message, with `error::bad_attachment`. The bytes may be
/// any, and be no valid `T` at all: check what comes from strangers as you would check a message.
/// Who gets a slice can read the whole region.
///
/// *Systems without seals* (all but Linux). Memory is given away by a descriptor that only reads;
/// what arrives is copied when it is decoded, at most `limits::max_inbox_bytes` a message; a send
/// of more fails with `error::message_too_large`. Memory cannot be told from a file there. A
/// process killed between two calls while it makes a region may leave an empty named object.
///
/// *Errors* of all functions that make a region: `asio::error::no_buffer_space` when the system can
/// tell that it has no room (memory and swap available, a limit of file sizes or of address space,
/// a full `/dev/shm` where that is used); what else the system reports, which is mostly that too
/// many descriptors are open. The form with an `error_code` then gives zero bytes, the other one throws
/// `system_error`. Either may throw `std::bad_alloc`. A limit of memory of a container that is less
/// than the system has cannot be asked for and acts as it always does.
///
/// *Ownership*: copyable, as cheap as a `std::shared_ptr`; a moved-from object has zero bytes.
///
/// *Thread safety*: distinct objects are safe, also of one region; a shared object is safe while it
/// is only read.
class shared_memory {
public:
    /// Constructs zero bytes.
    shared_memory() noexcept = default;

    shared_memory(const shared_memory&) noexcept = default;
    shared_memory(shared_memory&&) noexcept = default;
    shared_memory& operator=(const shared_memory&) noexcept = default;
    shared_memory& operator=(shared_memory&&) noexcept = default;
    ~shared_memory() = default;

    /// A region with a copy of these bytes.
    STRAIT_DECL static shared_memory copy_of(std::span<const std::byte> content, error_code& ec);
    STRAIT_DECL static shared_memory copy_of(std::span<const std::byte> content);

    /// A region with a copy of these objects: of a vector, a string, a span and the like. Not of an
    /// array, since that of a string literal has a zero too many: use `std::span` or
    /// `std::string_view`. Padding in `T` is copied as well, with whatever this process left there.
    template <std::ranges::contiguous_range R>
        requires(std::ranges::sized_range<R> && shareable<std::ranges::range_value_t<R>> &&
                 !std::is_array_v<R> && !std::convertible_to<const R&, std::span<const std::byte>>)
    static shared_memory copy_of(const R& content, error_code& ec) {
        return copy_of(as_bytes(content), ec);
    }
    template <std::ranges::contiguous_range R>
        requires(std::ranges::sized_range<R> && shareable<std::ranges::range_value_t<R>> &&
                 !std::is_array_v<R> && !std::convertible_to<const R&, std::span<const std::byte>>)
    static shared_memory copy_of(const R& content) {
        return copy_of(as_bytes(content));
    }

    /// A region of so many bytes of that value.
    STRAIT_DECL static shared_memory filled(std::size_t bytes, std::byte value, error_code& ec);
    STRAIT_DECL static shared_memory filled(std::size_t bytes, std::byte value);

    /// The bytes, valid as long as this object or another one of the same region lives.
    std::span<const std::byte> bytes() const noexcept { return part_.span(); }
    const std::byte* data() const noexcept { return part_.data; }
    std::size_t size_bytes() const noexcept { return part_.bytes; }
    bool empty() const noexcept { return part_.bytes == 0; }

    /// The bytes as objects of `T`, as valid as `bytes`. Of zero bytes no objects.
    ///
    /// *Errors*: `invalid_argument` when the size is no multiple of `sizeof(T)`, or the bytes do
    /// not begin where a `T` may lie, which only a slice can cause: a region begins with a page.
    template <shareable T>
    std::span<const T> as(error_code& ec) const noexcept {
        return detail::view_as<const T>(part_.span(), ec);
    }
    template <shareable T>
    std::span<const T> as() const {
        return detail::view_as<const T>(part_.span());
    }

    /// A part of this: `bytes` of them from `offset`. It shares the region, and keeps all of it.
    ///
    /// *Errors*: `invalid_argument` when there are not so many; the result has zero bytes then.
    STRAIT_DECL shared_memory slice(
        std::size_t offset, std::size_t bytes, error_code& ec) const noexcept;
    STRAIT_DECL shared_memory slice(std::size_t offset, std::size_t bytes) const;

    /// Gives the bytes as memory of one's own, which can be written, and leaves zero bytes here.
    ///
    /// Nothing is copied by this, whoever else has the region: it is mapped so that the system
    /// copies a page when it is first written, and nobody else sees what is written. The region
    /// remains allocated while anybody, the result included, has it; so a program that goes on to
    /// write all of it uses that memory twice. When memory is short by then the process is in the
    /// same position as with memory from the heap.
    ///
    /// *Errors*: `asio::error::no_buffer_space` without address space for one more mapping. This
    /// object keeps its bytes then.
    STRAIT_DECL private_memory take(error_code& ec) &&;
    STRAIT_DECL private_memory take() &&;

    /// Whether both have the same bytes, wherever these lie. Compares them all unless they are the
    /// same memory.
    STRAIT_DECL friend bool operator==(const shared_memory& a, const shared_memory& b) noexcept;

private:
    friend class shared_memory_builder;
    friend struct detail::end_access;

    using part = detail::memory_part<const detail::region, const std::byte>;

    explicit shared_memory(part p) noexcept : part_(std::move(p)) {}
    STRAIT_DECL explicit shared_memory(std::shared_ptr<const detail::region> whole) noexcept;

    template <class R>
    static std::span<const std::byte> as_bytes(const R& content) noexcept {
        return std::as_bytes(std::span(std::ranges::data(content), std::ranges::size(content)));
    }

    STRAIT_DECL std::size_t offset() const noexcept;
    STRAIT_DECL void strait_save(output_archive& ar) const;
    STRAIT_DECL void strait_load(input_archive& ar);

    part part_;
};

/// Memory to be filled in place and then frozen to `shared_memory`, without a copy of what was put
/// there. Nobody else sees it before.
///
/// *Ownership*: movable, not copyable; a moved-from builder has zero bytes.
///
/// *Thread safety*: distinct objects are safe, a shared object is as safe as an array.
class shared_memory_builder {
public:
    /// Constructs zero bytes.
    shared_memory_builder() noexcept = default;

    /// Allocates `bytes`, all of them zero. *Errors*: as of all that makes a region, see
    /// `shared_memory`.
    STRAIT_DECL shared_memory_builder(std::size_t bytes, error_code& ec);
    STRAIT_DECL explicit shared_memory_builder(std::size_t bytes);

    shared_memory_builder(shared_memory_builder&&) noexcept = default;
    shared_memory_builder& operator=(shared_memory_builder&&) noexcept = default;

    /// The bytes, valid until the builder is frozen or gone.
    std::span<std::byte> bytes() const noexcept { return part_.span(); }
    std::byte* data() const noexcept { return part_.data; }
    std::size_t size_bytes() const noexcept { return part_.bytes; }
    bool empty() const noexcept { return part_.bytes == 0; }

    /// The bytes as objects of `T`, under the conditions of `shared_memory::as`.
    template <shareable T>
    std::span<T> as(error_code& ec) const noexcept {
        return detail::view_as<T>(part_.span(), ec);
    }
    template <shareable T>
    std::span<T> as() const {
        return detail::view_as<T>(part_.span());
    }

    /// Ends writing: makes the bytes a region that nobody can change, and leaves zero bytes here.
    ///
    /// Nothing is copied, except when this process was forked since the builder was made and the
    /// child still has it mapped: what the child could write is not what is frozen, but a copy.
    ///
    /// *Errors*: as of all that makes a region. What was built is lost then.
    STRAIT_DECL shared_memory freeze(error_code& ec) &&;
    STRAIT_DECL shared_memory freeze() &&;

private:
    detail::memory_part<detail::region_builder, std::byte> part_;
};

template <>
struct detail::end_traits<shared_memory> {
    static constexpr std::string_view kind = "shared memory";
    using value_type = void;
};

}  // namespace strait

#endif
