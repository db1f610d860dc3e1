// SPDX-License-Identifier: LGPL-2.1-or-later
// Cooperative matrices, in the form of KHR or, with NV defined, of NV: a [rows, inner] of
// halves times a [inner, columns] of halves, added to a [rows, columns] of floats, all of a
// subgroup's. They are loaded from shared memory in fours of halves, which are
// two words there (NV's form takes no vectors of halves), and stored as floats.
#ifdef NV
#extension GL_NV_cooperative_matrix : require
#else
#extension GL_KHR_cooperative_matrix : require
#endif
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require

layout (constant_id = SPEC_MATRIX_ROWS) const uint matrix_rows = 16;
layout (constant_id = SPEC_MATRIX_COLUMNS) const uint matrix_columns = 16;
layout (constant_id = SPEC_MATRIX_INNER) const uint matrix_inner = 16;

#ifdef NV
#define MATRIX_A fcoopmatNV<16, gl_ScopeSubgroup, matrix_rows, matrix_inner>
#define MATRIX_B fcoopmatNV<16, gl_ScopeSubgroup, matrix_inner, matrix_columns>
#define MATRIX_SUM fcoopmatNV<32, gl_ScopeSubgroup, matrix_rows, matrix_columns>
#define LOAD_BY_ROWS(matrix, tile, at, stride) coopMatLoadNV (matrix, tile, at, stride, false)
#define LOAD_BY_COLUMNS(matrix, tile, at, stride) coopMatLoadNV (matrix, tile, at, stride, true)
#define STORE_BY_ROWS(matrix, tile, at, stride) coopMatStoreNV (matrix, tile, at, stride, false)
#define MULTIPLY_ADD coopMatMulAddNV
#else
#define MATRIX_A coopmat<float16_t, gl_ScopeSubgroup, matrix_rows, matrix_inner, gl_MatrixUseA>
#define MATRIX_B coopmat<float16_t, gl_ScopeSubgroup, matrix_inner, matrix_columns, gl_MatrixUseB>
#define MATRIX_SUM coopmat<float, gl_ScopeSubgroup, matrix_rows, matrix_columns, gl_MatrixUseAccumulator>
#define LOAD_BY_ROWS(matrix, tile, at, stride) \
  coopMatLoad (matrix, tile, at, stride, gl_CooperativeMatrixLayoutRowMajor)
#define LOAD_BY_COLUMNS(matrix, tile, at, stride) \
  coopMatLoad (matrix, tile, at, stride, gl_CooperativeMatrixLayoutColumnMajor)
#define STORE_BY_ROWS(matrix, tile, at, stride) \
  coopMatStore (matrix, tile, at, stride, gl_CooperativeMatrixLayoutRowMajor)
#define MULTIPLY_ADD coopMatMulAdd
#endif

// A tile's rows of `inner` halves, in fours: two more than needed, so that rows begin at
// sixteen bytes, and what is loaded of several lies in different banks.
#define MATRIX_STRIDE(inner) ((inner) / 4 + 2)
