// SPDX-License-Identifier: LGPL-2.1-or-later
// Can the compiler make cooperative matrices, as VK_KHR_cooperative_matrix has them?
#version 450
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
layout (local_size_x = 32) in;
layout (binding = 0) writeonly buffer Y { float y[]; };

void
main ()
{
  coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator> sums
      = coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator> (0);
  coopMatStore (sums, y, 0, 16, gl_CooperativeMatrixLayoutRowMajor);
}
