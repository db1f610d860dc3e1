// SPDX-License-Identifier: LGPL-2.1-or-later
// A street in the afternoon, for the README's picture: nobody's photograph. make.sh renders it with POV-Ray.
// Lengths are metres, x to the right, y up, z ahead; the road runs along z and people drive on its right.
#version 3.7;
global_settings { assumed_gamma 1.0 }
#declare R = seed (7);

camera { location <-2.2, 3.1, -11> look_at <0.6, 1.75, 6> right x*16/9 angle 58 }
light_source { <-60, 70, -55> rgb <1.35, 1.24, 1.05>*1.15 area_light x*6, z*6, 5, 5 adaptive 1 jitter }
light_source { <40, 60, -40> rgb <0.42, 0.46, 0.55>*0.55 shadowless }
sky_sphere { pigment { gradient y color_map { [0 rgb <0.80, 0.86, 0.92>] [0.35 rgb <0.33, 0.52, 0.82>] [1 rgb <0.16, 0.32, 0.66>] } }
  pigment { bozo turbulence 0.75 octaves 7 omega 0.55 lambda 2.2 scale <0.35, 0.07, 0.35>
    color_map { [0 rgbt 1] [0.48 rgbt 1] [0.66 rgbt <0.95, 0.95, 0.97, 0.25>] [1 rgbt <0.8, 0.82, 0.86, 0.1>] } } }
fog { distance 900 color rgb <0.62, 0.71, 0.82> }

// ground
plane { y, -0.02 pigment { bozo scale 0.6 color_map { [0 rgb <0.10, 0.17, 0.05>] [1 rgb <0.20, 0.27, 0.09>] } } normal { bumps 0.6 scale 0.08 } }
#declare Asphalt = texture { pigment { granite scale 0.25 color_map { [0 rgb 0.085] [0.6 rgb 0.135] [1 rgb 0.19] } } normal { granite 0.12 scale 0.1 } finish { diffuse 0.85 specular 0.04 } }
box { <-4, -0.1, -30>, <4, 0, 300> texture { Asphalt } }
#macro Dash (X, Z, L, W) box { <X-W/2, 0, Z>, <X+W/2, 0.005, Z+L> pigment { bozo scale 0.2 color_map { [0 rgb 0.55] [1 rgb 0.8] } } } #end
#declare I = -10; #while (I < 140) Dash (0, I, 2.2, 0.13) #declare I = I + 5; #end
#declare Kerb = texture { pigment { granite scale 0.4 color_map { [0 rgb 0.36] [1 rgb 0.55] } } normal { granite 0.1 scale 0.2 } }
#declare Slabs = texture { pigment { brick pigment { rgb 0.30 } pigment { granite color_map { [0 rgb <0.42,0.41,0.39>] [1 rgb <0.55,0.54,0.51>] } scale 0.5 } brick_size <0.9, 0.5, 0.9> mortar 0.02 } }
box { <-4.25, -0.1, -30>, <-4, 0.14, 300> texture { Kerb } } box { <4, -0.1, -30>, <4.25, 0.14, 300> texture { Kerb } }
box { <-7.2, -0.1, -30>, <-4.25, 0.13, 300> texture { Slabs } } box { <4.25, -0.1, -30>, <7.2, 0.13, 300> texture { Slabs } }

// houses
#declare Glass = texture { pigment { rgb <0.05, 0.07, 0.09> } finish { reflection 0.35 specular 0.8 roughness 0.004 } }
#macro House (W, H, D, C, Rows, Cols)
  union {
    difference {
      box { <0, 0, 0>, <D, H, W> }
      #local r = 0; #while (r < Rows)
        #local c = 0; #while (c < Cols)
          #local wz = (c + 0.5) * W / Cols; #local wy = 0.9 + r * (H - 0.8) / Rows;
          box { <-0.1, wy, wz - 0.55>, <0.22, wy + 1.5, wz + 0.55> }
        #local c = c + 1; #end
      #local r = r + 1; #end
      pigment { brick rgb C*0.75, rgb C brick_size <0.45, 0.15, 0.22> mortar 0.015 } normal { bumps 0.15 scale 0.05 }
    }
    #local r = 0; #while (r < Rows)
      #local c = 0; #while (c < Cols)
        #local wz = (c + 0.5) * W / Cols; #local wy = 0.9 + r * (H - 0.8) / Rows;
        box { <0.16, wy, wz - 0.55>, <0.2, wy + 1.5, wz + 0.55> texture { Glass } }
        box { <0.10, wy, wz - 0.03>, <0.18, wy + 1.5, wz + 0.03> pigment { rgb 0.8 } }
        box { <0.10, wy + 0.9, wz - 0.55>, <0.18, wy + 0.97, wz + 0.55> pigment { rgb 0.8 } }
        box { <-0.12, wy - 0.1, wz - 0.65>, <0.1, wy, wz + 0.65> pigment { rgb 0.6 } }
      #local c = c + 1; #end
    #local r = r + 1; #end
    prism { linear_sweep linear_spline 0, W + 0.4, 4, <-0.3, 0>, <D / 2, D * 0.32>, <D + 0.3, 0>, <-0.3, 0>
      rotate -90*x scale <1, 1, -1> translate <0, H, -0.2> pigment { brick rgb <0.20,0.09,0.06>, rgb <0.33,0.15,0.10> brick_size 0.4 mortar 0.03 } }
  }
#end
#declare Z = -14; #declare K = 0;
#while (K < 9)
  #declare W = 7 + 4*rand(R); #declare H = 5.6 + 3.2*int(2.2*rand(R));
  #declare C = <0.55 + 0.3*rand(R), 0.42 + 0.22*rand(R), 0.33 + 0.2*rand(R)>;
  object { House (W, H, 8, C*0.8, int(H/2.8), int(W/2.4)) translate <9.5, 0, Z> }
  #declare C2 = <0.6 + 0.25*rand(R), 0.52 + 0.2*rand(R), 0.44 + 0.2*rand(R)>;
  object { House (W, H + 1, 8, C2*0.8, int(H/2.8), int(W/2.4)) scale <-1, 1, 1> translate <-9.5, 0, Z + 3> }
  #declare Z = Z + W + 0.7 + 2*rand(R); #declare K = K + 1;
#end

// trees
#macro Tree (H)
  union {
    cone { 0, 0.20, y*H*0.6, 0.10 pigment { rgb <0.16, 0.11, 0.07> } normal { wrinkles 0.9 scale <0.1, 0.5, 0.1> } }
    #local i = 0; #while (i < 700)
      #local a = 2*pi*rand(R); #local b = acos (2*rand(R) - 1); #local q = 0.30*H*pow (rand(R), 0.4);
      sphere { <q*sin(b)*cos(a), H*0.72 + q*0.95*cos(b), q*sin(b)*sin(a)>, 0.10 + 0.16*rand(R)
        pigment { rgb <0.08 + 0.10*rand(R), 0.20 + 0.16*rand(R), 0.04> } normal { bumps 1.2 scale 0.03 } scale <1, 0.8, 1> translate y*H*0.14 }
    #local i = i + 1; #end
  }
#end
object { Tree (5.6) translate <6.4, 0, 3.5> } object { Tree (6.4) translate <6.5, 0, 16> } object { Tree (5.8) translate <6.4, 0, 31> }
object { Tree (6.0) translate <-6.5, 0, 10> } object { Tree (6.2) translate <-6.4, 0, 24> } object { Tree (6.6) translate <-6.4, 0, 44> }

// cars: a body and a cabin with rounded edges, four wheels
#macro Paint (C) texture { pigment { rgb C } finish { diffuse 0.75 specular 0.5 roughness 0.01 reflection { 0.04, 0.35 fresnel on } } } interior { ior 1.5 } #end
#declare Wheel = union {
  torus { 0.25, 0.085 rotate 90*z pigment { rgb 0.02 } } cylinder { -x*0.09, x*0.09, 0.22 pigment { rgb 0.05 } }
  cylinder { -x*0.10, x*0.10, 0.17 pigment { rgb 0.55 } finish { specular 0.6 reflection 0.2 } }
  #declare s = 0; #while (s < 5) box { <-0.11, -0.015, 0>, <0.11, 0.015, 0.16> rotate s*72*x pigment { rgb 0.25 } } #declare s = s + 1; #end }
// profile of a car along its length (z), in (z, y): body first, then glass
#macro Car (C)
union {
  difference {
    prism { cubic_spline -0.86, 0.86, 16,
      <-1.0, 0.24>, <-2.12, 0.30>, <-2.16, 0.55>, <-2.08, 0.80>, <-1.50, 0.90>, <-0.95, 0.95>, <0.0, 0.97>, <1.0, 0.98>, <1.75, 0.96>, <2.10, 0.88>, <2.16, 0.58>, <2.08, 0.30>, <1.0, 0.24>, <-1.0, 0.24>, <-2.12, 0.30>, <-2.16, 0.55>
      rotate -90*x rotate 90*y }
    #local wz = -1.32; #while (wz < 1.5) cylinder { <-1, 0.33, wz>, <1, 0.33, wz>, 0.40 } #local wz = wz + 2.66; #end
    Paint (C)
  }
  prism { linear_sweep linear_spline -0.70, 0.70, 5, <-1.05, 0>, <-0.35, 0.50>, <0.95, 0.50>, <1.70, 0>, <-1.05, 0> rotate -90*x rotate 90*y translate <0, 0.92, 0> texture { Glass } }
  superellipsoid { <0.35, 0.25> scale <0.68, 0.06, 0.72> translate <0, 1.43, 0.30> Paint (C) }
  #local s = -1; #while (s < 2)
    cylinder { <0.70*s, 0.95, -0.98>, <0.66*s, 1.42, -0.34>, 0.035 Paint (C) }
    cylinder { <0.71*s, 0.95, 0.35>, <0.67*s, 1.42, 0.32>, 0.045 Paint (C) }
    cylinder { <0.70*s, 0.95, 1.62>, <0.66*s, 1.42, 0.95>, 0.05 Paint (C) }
    object { Wheel translate <0.80*s, 0.33, -1.32> } object { Wheel translate <0.80*s, 0.33, 1.34> }
    sphere { 0, 1 scale <0.19, 0.09, 0.07> translate <0.58*s, 0.70, -2.10> pigment { rgb 0.9 } finish { specular 0.9 ambient 0.25 } }
    sphere { 0, 1 scale <0.17, 0.11, 0.06> translate <0.62*s, 0.76, 2.12> pigment { rgb <0.6, 0.02, 0.02> } finish { specular 0.7 ambient 0.2 } }
    superellipsoid { <0.4, 0.4> scale <0.10, 0.07, 0.05> translate <0.93*s, 1.02, -0.72> Paint (C) }
    box { <0.862*s, 0.78, -0.1>, <0.872*s, 0.82, 0.1> pigment { rgb 0.6 } }
  #local s = s + 2; #end
  superellipsoid { <0.3, 0.3> scale <0.50, 0.08, 0.05> translate <0, 0.55, -2.13> pigment { rgb 0.03 } finish { specular 0.4 } }
  box { <-0.26, 0.40, -2.19>, <0.26, 0.51, -2.15> pigment { rgb 0.85 } } box { <-0.26, 0.55, 2.15>, <0.26, 0.66, 2.19> pigment { rgb 0.85 } }
}
#end
object { Car (<0.62, 0.04, 0.03>) scale 1.05 translate <-1.9, 0, 3> }
object { Car (<0.08, 0.16, 0.42>) rotate 180*y translate <2.1, 0, 11> }
object { Car (<0.75, 0.76, 0.78>) rotate 180*y translate <2.2, 0, 27> }
object { Car (<0.10, 0.11, 0.12>) translate <-1.9, 0, 33> }

// people
#macro Limb (A, B, Ra, Rb) sphere_sweep { linear_spline 2, A, Ra, B, Rb } #end
#macro Person (Coat, Legs, Hair, Step)
union {
  union { Limb (<0.09, 0.92, 0>, <0.10, 0.50, 0.16*Step>, 0.095, 0.072) Limb (<0.10, 0.50, 0.16*Step>, <0.10, 0.08, 0.12*Step - 0.05>, 0.070, 0.052)
    Limb (<-0.09, 0.92, 0>, <-0.10, 0.50, -0.10*Step>, 0.095, 0.072) Limb (<-0.10, 0.50, -0.10*Step>, <-0.10, 0.10, -0.34*Step>, 0.070, 0.052) pigment { rgb Legs } normal { wrinkles 0.4 scale 0.1 } }
  union { superellipsoid { <0.8, 0.5> scale <0.05, 0.035, 0.13> translate <0.10, 0.045, 0.12*Step - 0.11> } superellipsoid { <0.8, 0.5> scale <0.05, 0.035, 0.13> translate <-0.10, 0.06, -0.34*Step - 0.06> } pigment { rgb 0.03 } }
  blob { threshold 0.3
    sphere { <0, 1.36, 0>, 0.34, 1 scale <1, 1, 0.8> } cylinder { <0, 0.92, 0>, <0, 1.32, 0>, 0.27, 1 }
    cylinder { <0.20, 1.40, 0>, <0.27, 1.10, 0.08*Step>, 0.11, 1 } cylinder { <0.27, 1.10, 0.08*Step>, <0.24, 0.88, -0.10*Step>, 0.095, 1 }
    cylinder { <-0.20, 1.40, 0>, <-0.27, 1.10, -0.08*Step>, 0.11, 1 } cylinder { <-0.27, 1.10, -0.08*Step>, <-0.24, 0.88, -0.22*Step>, 0.095, 1 }
    pigment { rgb Coat } normal { wrinkles 0.5 scale 0.12 } }
  union { sphere { <0.24, 0.85, -0.10*Step>, 0.045 } sphere { <-0.24, 0.85, -0.22*Step>, 0.045 } cylinder { <0, 1.42, 0>, <0, 1.55, 0>, 0.055 }
    sphere { 0, 1 scale <0.085, 0.115, 0.10> translate <0, 1.645, -0.01> } pigment { rgb <0.62, 0.42, 0.32> } }
  sphere { 0, 1 scale <0.094, 0.10, 0.105> translate <0, 1.685, 0.022> pigment { rgb Hair } normal { wrinkles 0.8 scale 0.05 } }
}
#end
object { Person (<0.55, 0.10, 0.08>, <0.05, 0.07, 0.14>, <0.06, 0.04, 0.03>, 1) rotate -14*y translate <4.95, 0.13, -2.6> }
object { Person (<0.10, 0.24, 0.34>, <0.10, 0.09, 0.08>, <0.22, 0.12, 0.05>, -1) rotate 170*y translate <5.9, 0.13, 1.2> }
object { Person (<0.52, 0.46, 0.34>, <0.04, 0.05, 0.06>, <0.05, 0.04, 0.04>, 1) rotate 8*y translate <-5.4, 0.13, 3.0> }
object { Person (<0.12, 0.30, 0.14>, <0.07, 0.08, 0.16>, <0.3, 0.2, 0.08>, -1) rotate 180*y translate <-5.9, 0.13, 8.6> }

// lamps
#declare Lamp = union { cone { 0, 0.07, y*5.2, 0.045 } cylinder { y*5.2, <-1.1, 5.45, 0>, 0.035 } superellipsoid { <0.5, 0.5> scale <0.28, 0.06, 0.11> translate <-1.25, 5.44, 0> } pigment { rgb 0.12 } finish { specular 0.3 } }
object { Lamp translate <4.6, 0, 1> } object { Lamp translate <4.6, 0, 22> } object { Lamp translate <4.6, 0, 44> } object { Lamp scale <-1, 1, 1> translate <-4.6, 0, 14> } object { Lamp scale <-1, 1, 1> translate <-4.6, 0, 36> }
